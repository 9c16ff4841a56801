// SPDX-License-Identifier: GPL-3.0-or-later
#include "ssh_known_hosts.hpp"

#include "ssh_config_reader.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/io/fd.hpp>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <span>

#include <fcntl.h>
#include <sys/stat.h>

namespace xenlab::transport {
namespace {

constexpr std::size_t longest_line = 64U << 10U;

/// Base64 of exactly `Size` bytes, or false.
template <std::size_t Size>
bool decode(std::string_view base64, std::array<unsigned char, Size>& bytes)
{
    std::array<unsigned char, (Size + 2) / 3 * 3> out{};
    if (base64.size() != (Size + 2) / 3 * 4)
        return false;
    const int n = EVP_DecodeBlock(out.data(), reinterpret_cast<const unsigned char*>(base64.data()),
                                  static_cast<int>(base64.size()));
    if (n != static_cast<int>(out.size()))
        return false;
    std::copy_n(out.begin(), Size, bytes.begin());
    return true;
}

/// "|1|SALT|HASH": HMAC-SHA1 of the name with the salt as key.
bool matches_hash(std::string_view field, const std::string& name)
{
    const auto parts = text::split(field, '|');
    std::array<unsigned char, 20> salt{};
    std::array<unsigned char, 20> wanted{};
    if (parts.size() != 4 || parts[1] != "1" || !decode(parts[2], salt) ||
        !decode(parts[3], wanted))
        return false;
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned length = 0;
    if (HMAC(EVP_sha1(), salt.data(), static_cast<int>(salt.size()),
             reinterpret_cast<const unsigned char*>(name.data()), name.size(), hash.data(),
             &length) == nullptr)
        return false;
    return length == wanted.size() && std::equal(wanted.begin(), wanted.end(), hash.begin());
}

std::vector<std::string_view> words_of(std::string_view line)
{
    std::vector<std::string_view> words;
    for (std::size_t at = 0;;) {
        at = line.find_first_not_of(" \t\r", at);
        if (at == std::string_view::npos)
            return words;
        const std::size_t end = std::min(line.find_first_of(" \t\r", at), line.size());
        words.push_back(line.substr(at, end - at));
        at = end;
    }
}

} // namespace

std::string known_hosts_name(std::string_view host, unsigned port)
{
    const std::string lower = text::to_lower(host);
    return port == 22 ? lower : fmt::format("[{}]:{}", lower, port);
}

std::vector<KnownKey> find_known_keys(const std::vector<std::string>& files,
                                      const std::string& name)
{
    std::vector<KnownKey> keys;
    for (const std::string& file : files) {
        std::ifstream stream(file);
        unsigned number = 0;
        for (std::string line; std::getline(stream, line);) {
            ++number;
            std::vector<std::string_view> words = words_of(line);
            if (line.size() > longest_line || words.empty() || words.front().front() == '#')
                continue;
            KnownKey key;
            if (words.front().front() == '@') {
                key.revoked = words.front() == "@revoked";
                key.authority = words.front() == "@cert-authority";
                if (!key.revoked && !key.authority)
                    continue;
                words.erase(words.begin());
            }
            if (words.size() < 3)
                continue;
            const bool match = words[0].front() == '|'
                                   ? matches_hash(words[0], name)
                                   : matches_patterns(name, {std::string(words[0])});
            if (!match)
                continue;
            key.type = words[1];
            key.base64 = words[2];
            key.place = fmt::format("{}:{}", text::printable(file), number);
            keys.push_back(std::move(key));
        }
    }
    return keys;
}

void add_known_key(const std::string& file, const std::string& name, std::string_view type,
                   std::string_view base64)
{
    const std::filesystem::path folder = std::filesystem::path(file).parent_path();
    if (!folder.empty())
        ::mkdir(folder.c_str(), 0700); // says by the next step whether it worked
    const io::Fd out = io::open_file(file, O_RDWR | O_CREAT | O_APPEND, 0600);
    struct stat info {};
    std::string line;
    if (::fstat(out.get(), &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0) {
        std::array<std::byte, 1> last{};
        io::pread_full(out.get(), static_cast<std::uint64_t>(info.st_size) - 1, last, file);
        if (last[0] != std::byte{'\n'})
            line = "\n";
    }
    line += fmt::format("{} {} {}\n", name, type, base64);
    io::write_all(out.get(), std::as_bytes(std::span(line)), file); // one write: lines stay whole
}

} // namespace xenlab::transport

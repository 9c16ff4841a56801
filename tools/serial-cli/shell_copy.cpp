// SPDX-License-Identifier: GPL-3.0-or-later
// Small files through the shell.
#include "shell.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace xenlab::serial_cli {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds quick{60'000};

Error damaged(const std::string& path)
{
    return {Errc::bad_data,
            fmt::format("{}: the checksum in the guest is another one", text::printable(path))};
}

Error refused(const Shell::Result& result)
{
    return {Errc::failed,
            "guest: " + text::printable(std::string(
                            text::trim(result.err.empty() ? "it does not say why" : result.err)))};
}

/// The better of two programs sums up the file.
std::string sum_command(const std::string& path)
{
    return fmt::format("{{ sha256sum 2>/dev/null || cksum; }} <{}", shell_quoted(path));
}

bool sum_is(View content, std::string_view answer)
{
    const std::string word(answer.substr(0, answer.find(' ')));
    return word == typed_sum(word.size() == 64 ? TypedSum::sha256 : TypedSum::cksum, content);
}

} // namespace

void Shell::put(View content, const std::string& path, const Progress& progress)
{
    constexpr std::size_t piece = 1500;
    const std::string name = path + ".b64", quoted = shell_quoted(name);
    if (content.size() > largest_copy)
        throw Error(Errc::usage, "too much for a terminal", "install the agent");
    if (const Result made = run(": >" + quoted, quick); made.code != 0)
        throw refused(made);
    std::random_device device;
    const std::string mark = fmt::format("{:08x}{:08x}", device(), device());
    for (std::size_t at = 0; at < content.size(); at += piece) {
        const View part = content.subspan(at, std::min(piece, content.size() - at));
        const std::string id = fmt::format("{}.{}", mark, at + 2), line = base64(part);
        type_until(fmt::format(" xi p {} {} '{}' {}", id,
                               typed_sum(sum_, as_view(id + name + line)), typed_octal(name), line),
                   "\nXLA" + id);
        progress(at + part.size());
    }
    const Result made =
        run(fmt::format("{{ base64 -d 2>/dev/null || openssl base64 -d; }} <{0} >{1} && rm -f {0}",
                        quoted, shell_quoted(path)),
            quick);
    if (made.code != 0)
        throw refused(made);
    for (int tries = 0; tries < 3; ++tries)
        if (sum_is(content, run(sum_command(path), quick).out))
            return;
    throw damaged(path);
}

Buffer Shell::get(const std::string& path, const Progress& progress)
{
    constexpr std::size_t piece = 3000;
    const std::string quoted = shell_quoted(path);
    const std::string_view program = sum_ == TypedSum::cksum ? "cksum" : "sha256sum";
    const auto piece_of = [&](std::size_t number) -> std::optional<Buffer> {
        const std::string read =
            fmt::format("dd if={} bs={} skip={} count=1 2>/dev/null", quoted, piece, number);
        const Result result =
            run(fmt::format("{0} | {{ base64 2>/dev/null || openssl base64; }}; echo :; {0} | {1}",
                            read, program),
                quick);
        const std::size_t colon = result.out.find(':');
        if (result.timed_out || colon == std::string::npos)
            return std::nullopt;
        auto data = from_base64(std::string_view(result.out).substr(0, colon));
        const std::string_view sum = text::trim(std::string_view(result.out).substr(colon + 1));
        if (!data || sum.substr(0, sum.find(' ')) != typed_sum(sum_, *data))
            return std::nullopt;
        return data;
    };
    const Result there = run("cat " + quoted + " >/dev/null", quick);
    if (there.code != 0)
        throw refused(there);
    Buffer content;
    for (std::size_t number = 0;; ++number) {
        std::optional<Buffer> part;
        for (int tries = 0; tries < 8 && !part; ++tries)
            part = piece_of(number);
        if (!part)
            throw damaged(path);
        content.insert(content.end(), part->begin(), part->end());
        progress(content.size());
        if (part->size() < piece)
            break;
        if (content.size() > largest_copy)
            throw Error(Errc::usage, "too much for a terminal", "install the agent");
    }
    for (int tries = 0; tries < 3; ++tries)
        if (sum_is(content, run(sum_command(path), quick).out))
            return content;
    throw damaged(path);
}

} // namespace xenlab::serial_cli

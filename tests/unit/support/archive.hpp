// SPDX-License-Identifier: GPL-3.0-or-later
// Makes tar and XVA archives in memory, from the format descriptions and with nothing of ours:
// shared code would let one bug cancel itself. Formats: POSIX.1-2017 pax; xen-api
// ocaml/xapi/export.ml and stream_vdi.ml; the header dialects as seen in archives of xapi, Xen
// Orchestra and GNU tar.
#pragma once

#include "bytes.hpp"

#include <openssl/evp.h>
#include <xxhash.h>

#include <array>
#include <cstdio>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xenlab::test {

enum class Tar {
    v7,    ///< xapi (ocaml-tar), xva-img: seven digits and NUL, no magic
    ustar, ///< POSIX: checksum "dddddd\0 "
    gnu,   ///< magic "ustar  "
    npm,   ///< npm tar-stream, Xen Orchestra: "dddddd \0"
    blank  ///< numbers padded with blanks, as old Unix tars wrote them
};

inline void PrintTo(Tar dialect, std::ostream* out) // for GoogleTest
{
    static constexpr std::array names{"v7", "ustar", "gnu", "npm", "blank"};
    *out << names.at(static_cast<std::size_t>(dialect));
}

struct TarFields {
    std::string name;
    std::uint64_t size = 0;
    Tar dialect = Tar::v7;
    char type = '0'; ///< '0' becomes NUL in V7
    std::string link = {};
    std::string prefix = {};   ///< ustar
    std::string raw_size = {}; ///< replaces the whole size field
};

namespace detail {

inline std::string octal(std::uint64_t value, int digits, bool blanks)
{
    std::array<char, 32> out{};
    std::snprintf(out.data(), out.size(), blanks ? "%*llo" : "%0*llo", digits,
                  static_cast<unsigned long long>(value));
    return out.data();
}

} // namespace detail

/// Writes the header's checksum anew, in the form of the dialect.
inline void seal(std::string& header, Tar dialect)
{
    header.replace(148, 8, 8, ' ');
    unsigned sum = 0;
    for (const char c : header)
        sum += static_cast<unsigned char>(c);
    using namespace std::string_literals;
    std::string text;
    switch (dialect) {
    case Tar::v7:
        text = detail::octal(sum, 7, false) + "\0"s;
        break;
    case Tar::npm:
        text = detail::octal(sum, 6, false) + " \0"s;
        break;
    case Tar::blank:
        text = detail::octal(sum, 6, true) + "\0 "s;
        break;
    default:
        text = detail::octal(sum, 6, false) + "\0 "s;
        break;
    }
    header.replace(148, 8, text);
}

inline std::string tar_header(const TarFields& f)
{
    using namespace std::string_literals;
    const bool blanks = f.dialect == Tar::blank;
    const std::string end = f.dialect == Tar::npm || blanks ? " " : "\0"s;
    const auto number = [&](std::uint64_t value, int width) {
        if (f.dialect == Tar::npm && width == 8)
            return detail::octal(value, 6, false) + " \0"s;
        return detail::octal(value, width - 1, blanks) + end;
    };
    std::string h(512, '\0');
    h.replace(0, f.name.size(), f.name);
    h.replace(100, 8, number(f.dialect == Tar::v7 ? 0400 : 0644, 8));
    h.replace(108, 8, number(0, 8));
    h.replace(116, 8, number(0, 8));
    h.replace(124, 12, f.raw_size.empty() ? number(f.size, 12) : f.raw_size);
    h.replace(136, 12, number(f.dialect == Tar::v7 ? 0 : 01234567654, 12));
    h[156] = f.type == '0' && f.dialect == Tar::v7 ? '\0' : f.type;
    h.replace(157, f.link.size(), f.link);
    if (f.dialect == Tar::ustar || f.dialect == Tar::npm)
        h.replace(257, 8, "ustar\0"s + "00");
    if (f.dialect == Tar::gnu)
        h.replace(257, 8, "ustar  \0"s);
    h.replace(345, f.prefix.size(), f.prefix);
    seal(h, f.dialect);
    return h;
}

inline std::string padded(std::string content)
{
    content.resize((content.size() + 511) / 512 * 512, '\0');
    return content;
}

/// Base-256 form of a size field, as GNU tar writes it.
inline std::string base256(std::uint64_t value)
{
    std::string field(12, '\0');
    field[0] = '\x80';
    for (std::size_t i = 0; i < 8; ++i)
        field[11 - i] = static_cast<char>(value >> (8 * i));
    return field;
}

enum class Sum { xxhash, sha1, none };

inline std::string sum_text(Sum sum, std::string_view data)
{
    std::string text;
    std::array<char, 24> out{};
    if (sum == Sum::xxhash) {
        std::snprintf(out.data(), out.size(), "%016llX",
                      static_cast<unsigned long long>(XXH64(data.data(), data.size(), 0)));
        return out.data();
    }
    std::array<unsigned char, 20> digest{};
    unsigned length = 0;
    EVP_Digest(data.data(), data.size(), digest.data(), &length, EVP_sha1(), nullptr);
    for (const unsigned char c : digest) {
        std::snprintf(out.data(), out.size(), "%02x", c);
        text += out.data();
    }
    return text;
}

// ---- ova.xml

inline std::string value(std::string_view text)
{
    return "<value>" + std::string(text) + "</value>";
}
inline std::string boolean(bool flag)
{
    return value(flag ? "<boolean>1</boolean>" : "<boolean>0</boolean>");
}

using Members = std::vector<std::pair<std::string, std::string>>; ///< name -> <value> element

inline std::string structure(const Members& members)
{
    std::string out = "<value><struct>";
    for (const auto& [name, element] : members)
        out += "<member><name>" + name + "</name>" + element + "</member>";
    return out + "</struct></value>";
}

inline std::string array(const std::vector<std::string>& items)
{
    std::string out = "<value><array><data>";
    for (const std::string& item : items)
        out += item;
    return out + "</data></array></value>";
}

/// Takes the records one by one; each is {class, id, snapshot}.
class OvaXml {
  public:
    explicit OvaXml(std::string export_vsn = "2") : export_vsn_(std::move(export_vsn)) {}

    OvaXml& object(std::string_view class_name, std::string_view id, const Members& record)
    {
        objects_.push_back(structure(
            {{"class", value(class_name)}, {"id", value(id)}, {"snapshot", structure(record)}}));
        return *this;
    }
    OvaXml& vm(std::string_view id = "Ref:1", std::string_view name = "web1")
    {
        return object("VM", id, {{"name_label", value(name)}});
    }
    /// A VDI and the VBD that attaches it to Ref:1.
    OvaXml& disk(std::string_view ref, std::uint64_t size, std::string_view userdevice = "0")
    {
        object("VBD", "VBD-of-" + std::string(ref),
               {{"VM", value("Ref:1")},
                {"VDI", value(ref)},
                {"type", value("Disk")},
                {"userdevice", value(userdevice)},
                {"bootable", boolean(userdevice == "0")}});
        return vdi(ref, size);
    }
    OvaXml& vdi(std::string_view ref, std::uint64_t size, std::string_view type = "user",
                std::string_view sr = "Ref:9")
    {
        return object("VDI", ref,
                      {{"uuid", value("uuid-of-" + std::string(ref))},
                       {"name_label", value("name of " + std::string(ref))},
                       {"virtual_size", value(std::to_string(size))},
                       {"type", value(type)},
                       {"SR", value(sr)}});
    }
    [[nodiscard]] std::string text() const
    {
        return structure({{"version", structure({{"export_vsn", value(export_vsn_)},
                                                 {"product_version", value("8.2.1")}})},
                          {"objects", array(objects_)}});
    }

  private:
    std::string export_vsn_;
    std::vector<std::string> objects_;
};

// ---- archives

/// What a run of bytes of an archive is, for tests that damage them one by one.
enum class Region { header, metadata, chunk, checksum, padding, end };

class Archive {
  public:
    explicit Archive(Tar dialect = Tar::v7, Sum sum = Sum::xxhash) : dialect_(dialect), sum_(sum) {}

    Archive& raw(std::string_view bytes, Region region = Region::padding)
    {
        bytes_ += bytes;
        regions_.resize(bytes_.size(), region);
        return *this;
    }
    Archive& entry(const std::string& name, std::string_view content,
                   Region region = Region::metadata)
    {
        raw(tar_header({.name = name, .size = content.size(), .dialect = dialect_}),
            Region::header);
        raw(content, region);
        return raw(std::string((512 - content.size() % 512) % 512, '\0'));
    }
    Archive& metadata(const std::string& ova) { return entry("ova.xml", ova); }

    /// A chunk and its checksum entry.
    Archive& chunk(const std::string& ref, std::uint64_t number, std::string_view content)
    {
        return chunk(ref, number, content, sum_, sum_text(sum_, content));
    }
    Archive& chunk(const std::string& ref, std::uint64_t number, std::string_view content, Sum sum,
                   std::string_view text)
    {
        std::array<char, 32> digits{};
        std::snprintf(digits.data(), digits.size(), "%08llu",
                      static_cast<unsigned long long>(number));
        const std::string name = ref + "/" + digits.data();
        entry(name, content, Region::chunk);
        if (sum != Sum::none)
            entry(name + (sum == Sum::sha1 ? ".checksum" : ".xxhash"), text, Region::checksum);
        return *this;
    }
    Archive& end() { return raw(std::string(1024, '\0'), Region::end); }

    [[nodiscard]] const std::string& bytes() const { return bytes_; }
    [[nodiscard]] Region region(std::size_t at) const { return regions_.at(at); }

  private:
    Tar dialect_;
    Sum sum_;
    std::string bytes_;
    std::vector<Region> regions_;
};

} // namespace xenlab::test

// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/text.hpp>
#include <xenlab/xva/member.hpp>

namespace xenlab::xva {
namespace {

constexpr std::size_t least_digits = 8; // %08d
constexpr std::size_t most_digits = 18; // more would not be a disk

bool remove_suffix(std::string_view& text, std::string_view suffix)
{
    if (!text.ends_with(suffix))
        return false;
    text.remove_suffix(suffix.size());
    return true;
}

bool is_prefix(std::string_view prefix)
{
    return !prefix.empty() && prefix.find('/') == std::string_view::npos && prefix != ".." &&
           prefix != ".";
}

} // namespace

Member parse_member(std::string_view name, char tar_type)
{
    Member member;
    if (name.starts_with("./")) {
        member.dotted = true;
        name.remove_prefix(2);
    }
    if (tar_type == '5') {
        remove_suffix(name, "/");
        member.kind = name.empty() || is_prefix(name) ? MemberKind::directory : MemberKind::foreign;
        return member;
    }
    if (tar_type != '0')
        return member;
    if (name == "ova.xml" || name == "checksum.xml") {
        member.kind = name == "ova.xml" ? MemberKind::metadata : MemberKind::table;
        return member;
    }
    MemberKind kind = MemberKind::chunk;
    if (remove_suffix(name, ".xxhash")) {
        kind = MemberKind::checksum;
        member.hash = io::HashKind::xxh64;
    } else if (remove_suffix(name, ".checksum")) {
        kind = MemberKind::checksum;
        member.hash = io::HashKind::sha1;
    }
    const std::size_t slash = name.find('/');
    if (slash == std::string_view::npos || !is_prefix(name.substr(0, slash)))
        return member;
    const std::string_view digits = name.substr(slash + 1);
    const auto number = text::parse_u64(digits);
    if (!number || digits.size() < least_digits || digits.size() > most_digits)
        return member;
    member.kind = kind;
    member.prefix = name.substr(0, slash);
    member.digits = digits;
    member.number = *number;
    return member;
}

} // namespace xenlab::xva

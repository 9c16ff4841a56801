// SPDX-License-Identifier: GPL-3.0-or-later
// Text for a terminal that may lose some of it on the way.
#pragma once

#include "wire.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace xenlab::serial_cli {

/// 'text' with what a POSIX shell would see in it made harmless.
std::string shell_quoted(std::string_view text);

/// For printf %b, in letters, digits and "\0ooo" only: whatever part of it is lost, a shell finds
/// neither an operator nor a second word in the rest.
std::string typed_octal(std::string_view text);

std::string base64(View data);
/// Blanks and line ends are skipped; nothing for anything else that is no base64.
std::optional<Buffer> from_base64(std::string_view text);

/// Programs that guests have.
enum class TypedSum { cksum, sha256 };

/// The first word of what "cksum" (POSIX) or "sha256sum" prints for the text.
std::string typed_sum(TypedSum kind, View text);

} // namespace xenlab::serial_cli

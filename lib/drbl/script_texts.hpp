// SPDX-License-Identifier: GPL-3.0-or-later
// The files of this folder that run on the server (made a source by lib/CMakeLists.txt).
#pragma once

#include <string_view>

namespace xenlab::drbl {

extern const std::string_view survey_pl, wake_pl, start_sh, stop_sh, verify_sh, images_sh,
    forwards_sh;

} // namespace xenlab::drbl

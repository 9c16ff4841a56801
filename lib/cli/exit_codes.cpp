// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/cli/tool.hpp>

#include <array>

namespace xenlab::cli {

std::string_view exit_code_meaning(int code)
{
    struct Meaning {
        int code;
        std::string_view words;
    };
    static constexpr std::array meanings{
        Meaning{0, "Done, or already so."},
        Meaning{1, "The operation failed, or the answer is \"no\"."},
        Meaning{2, "The command line is wrong."},
        Meaning{3, "Not found."},
        Meaning{4, "Ambiguous, or a confirmation is needed."},
        Meaning{5, "Cannot connect, log in or trust the peer."},
        Meaning{6, "A precondition does not hold."},
        Meaning{7, "The data is damaged, cut off, or not what it should be."},
        Meaning{8, "Some targets of a batch failed."},
        Meaning{124, "A time limit passed."},
        Meaning{
            130,
            "Interrupted (SIGINT); 143 for SIGTERM, 141 when the reader of the output has gone."},
    };
    for (const Meaning& meaning : meanings)
        if (meaning.code == code)
            return meaning.words;
    return {};
}

} // namespace xenlab::cli

// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/guest/edit_options.hpp>

namespace xenlab::guest {

void declare_edit_options(cli::OptionSet& options, EditChoice& choice)
{
    const auto output =
        options
            .add_option("-o,--output", choice.output,
                        "Write the whole changed disk or archive there (- for standard output); a "
                        "file appears when it is complete")
            .type_name("FILE");
    options
        .add_flag("--in-place", choice.in_place,
                  "Change the source itself, with an undo log meanwhile")
        .excludes(output);
    options.add_flag("--recover", choice.recover,
                     "First do what the guest's own boot would: replay the ext journal, reset the "
                     "NTFS log, apply the logs of a registry hive");
}

void require_target(const EditChoice& choice)
{
    if (choice.output.empty() && !choice.in_place)
        throw Error(Errc::usage, "nowhere to write to",
                    "write a new file with -o FILE, or change the source with --in-place");
}

EditOptions edit_options(const EditChoice& choice, const SourceOptions& source,
                         const cli::Context& context, cli::Progress& progress)
{
    EditOptions options{.in_place = choice.in_place};
    options.output = choice.output;
    options.recover = choice.recover;
    options.session = session_options(source, context, progress);
    options.progress = [&progress](std::uint64_t done, std::uint64_t total) {
        progress.update(done, total);
    };
    return options;
}

} // namespace xenlab::guest

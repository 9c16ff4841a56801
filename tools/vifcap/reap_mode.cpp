// SPDX-License-Identifier: GPL-3.0-or-later
// --reap: ends what killed captures left on hosts.
#include "pool_targets.hpp"
#include "remote_script.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>

namespace vifcap {

using namespace xenlab;

namespace {

void reap(const std::string& name, const transport::SshTarget& target, const Options& options,
          cli::Context& context)
{
    const auto session =
        transport::connect_ssh(target, ssh_options(options, context), context.stop);
    transport::SshRunOptions how;
    how.stop = context.stop;
    const auto result = transport::run_ssh(*session, reap_script(), how);
    for (const std::string_view line : text::split(result.out, '\n')) {
        const std::size_t blank = line.find(' ');
        if (blank == std::string_view::npos)
            continue;
        context.out().write(fmt::format("{}\t{}\t{}\n", name,
                                        text::printable(line.substr(0, blank)),
                                        text::printable(line.substr(blank + 1))));
    }
}

} // namespace

int reap_mode(const Options& options, cli::Context& context)
{
    if (!options.ssh_host.empty()) {
        const auto target = transport::parse_ssh_target(options.ssh_host);
        reap(text::printable(target.host), target, options, context);
        return 0;
    }
    lab::Pools pools(options.connect, words_for(context), context.stop);
    std::optional<Error> failure;
    for (lab::Pool* pool : pools.chosen())
        for (const auto& host : pool->hosts()) {
            try {
                reap(text::printable(host.record.name_label),
                     transport::parse_ssh_target(pool->ssh_destination(host)), options, context);
            } catch (const Error& error) {
                if (error.code() == Errc::interrupted)
                    throw;
                context.error(error.what());
                failure = error;
            }
        }
    return failure ? exit_code(failure->code()) : 0;
}

} // namespace vifcap

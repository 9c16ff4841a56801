// SPDX-License-Identifier: GPL-3.0-or-later
#include "complete.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/drbl/names.hpp>
#include <xenlab/drbl/server.hpp>
#include <xenlab/lab/complete.hpp>
#include <xenlab/lab/names.hpp>

#include <algorithm>

namespace drbl_deploy {
namespace {

using lab::KnownName;

/// An SSH login takes longer than a call of a pool.
constexpr std::chrono::milliseconds patience{1500};

std::string file_of(const std::string& server)
{
    return lab::names_file_of("drbl", server);
}

/// The connection options that were typed, for --vms: they belong to the verb.
lab::ConnectOptions connect_of(const std::vector<std::string>& words)
{
    lab::ConnectOptions connect;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto value = [&](std::string_view option) {
            if (words[i].starts_with(option) && words[i].substr(option.size()).starts_with('='))
                return words[i].substr(option.size() + 1);
            return words[i] == option && i + 1 < words.size() ? words[i + 1] : std::string();
        };
        const auto take = [&](std::string& where, std::string_view option) {
            if (std::string found = value(option); !found.empty())
                where = std::move(found);
        };
        take(connect.context, "-c");
        take(connect.context, "--context");
        take(connect.host, "--host");
        take(connect.user, "--user");
        take(connect.password_file, "--password-file");
        take(connect.pin, "--pin");
    }
    return connect;
}

/// Asks the server, which is remembered.
void refresh(const Globals& globals, std::string_view kind, const std::stop_token& stop)
{
    Server server(globals, stop);
    if (kind == "IMAGE")
        remember(server.name(), drbl::read_images(server.survey({"images"})));
    else if (kind == "NAME")
        remember(server.name(), drbl::read_forwards(server.survey({"forwards"})));
    else
        remember(server.name(), drbl::read_clients(server.survey({"clients"})));
}

std::vector<cli::Candidate> of_server(const Globals& globals, std::string_view kind,
                                      const std::stop_token& stop)
{
    const std::string server = server_of(globals);
    if (server.empty())
        return {};
    std::vector<cli::Candidate> candidates;
    for (KnownName& known :
         lab::names_for_completion(file_of(server), kind, [&] { refresh(globals, kind, stop); }))
        candidates.push_back({std::move(known.name), std::move(known.words)});
    return candidates;
}

/// Groups stand among clients as @NAME.
std::vector<cli::Candidate> clients(const Globals& globals, const std::stop_token& stop)
{
    auto candidates = of_server(globals, "CLIENT", stop);
    for (cli::Candidate& group : of_server(globals, "GROUP", stop))
        candidates.push_back({"@" + group.word, std::move(group.description)});
    return candidates;
}

/// Further ones after a comma.
std::vector<cli::Candidate> listed(std::vector<cli::Candidate> candidates, std::string_view prefix)
{
    const auto comma = prefix.rfind(',');
    if (comma != std::string_view::npos)
        for (cli::Candidate& candidate : candidates)
            candidate.word.insert(0, prefix.substr(0, comma + 1));
    return candidates;
}

std::vector<cli::Candidate> profiles(const Globals& globals)
{
    std::vector<cli::Candidate> candidates;
    for (const auto& [name, settings] : load_profiles(globals).named)
        candidates.push_back({name});
    return candidates;
}

} // namespace

std::vector<cli::Candidate> complete(const Globals& globals, const cli::CompletionRequest& request)
{
    if (request.value == "PROFILE")
        return profiles(globals);
    if (request.value == "CONTEXT")
        return lab::complete_contexts(connect_of(request.words));
    const lab::Patience deadline(patience);
    if (request.value == "VM")
        return lab::complete_vms(connect_of(request.words), deadline.token());
    if (request.value == "CLIENT")
        return clients(globals, deadline.token());
    if (request.value == "LIST")
        return listed(clients(globals, deadline.token()), request.prefix);
    return of_server(globals, request.value, deadline.token());
}

void remember(const std::string& server, const std::vector<drbl::Image>& images)
{
    std::vector<KnownName> names;
    for (const drbl::Image& image : images)
        if (drbl::is_image_name(image.name))
            names.push_back({"IMAGE", image.name, "", text::human_size(image.stored)});
    lab::remember_names(file_of(server), "IMAGE", names);
}

void remember(const std::string& server, const drbl::Clients& clients)
{
    std::vector<KnownName> names, groups;
    for (const drbl::Client& client : clients.list) {
        names.push_back({"CLIENT", client.ip, "", client.name});
        if (!client.name.empty())
            names.push_back({"CLIENT", client.name, "", client.ip});
    }
    for (const drbl::Group& group : clients.groups)
        groups.push_back({"GROUP", group.name, "", "group"});
    lab::remember_names(file_of(server), "CLIENT", names);
    lab::remember_names(file_of(server), "GROUP", groups);
}

void remember(const std::string& server, const drbl::Forwards& forwards)
{
    std::vector<KnownName> names;
    for (const drbl::ForwardState& state : forwards.list)
        names.push_back({"NAME", state.forward.name, "", state.forward.line()});
    lab::remember_names(file_of(server), "NAME", names);
}

} // namespace drbl_deploy

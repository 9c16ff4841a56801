// SPDX-License-Identifier: GPL-3.0-or-later
#include "script_texts.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/shell.hpp>
#include <xenlab/drbl/names.hpp>
#include <xenlab/drbl/scripts.hpp>

#include <fmt/format.h>

namespace xenlab::drbl {
namespace {

std::string as_root(const std::vector<std::string>& words)
{
    const std::string command = text::shell_command(words);
    return fmt::format("if [ \"$(id -u)\" = 0 ]; then exec {}; else exec sudo -n {}; fi", command,
                       command);
}

std::string shell(std::vector<std::string> arguments)
{
    arguments.insert(arguments.begin(), {"sh", "-s", "--"});
    return as_root(arguments);
}

} // namespace

RemoteScript survey(const std::vector<std::string>& topics)
{
    std::vector<std::string> words{"perl", "-"};
    words.insert(words.end(), topics.begin(), topics.end());
    return {as_root(words), std::string(survey_pl)};
}

RemoteScript start_job(std::string_view record, std::string_view seen, std::string_view command)
{
    return {shell({std::string(record), std::string(seen), std::string(command)}),
            std::string(start_sh)};
}

RemoteScript stop_job(const std::vector<std::string>& addresses)
{
    return {shell(addresses), std::string(stop_sh)};
}

RemoteScript wake(const std::vector<std::string>& macs, std::string_view broadcast)
{
    std::vector<std::string> words{"perl", "-", std::string(broadcast)};
    words.insert(words.end(), macs.begin(), macs.end());
    return {as_root(words), std::string(wake_pl)};
}

RemoteScript verify_image(std::string_view name)
{
    require_image_name(name);
    return {shell({std::string(name)}), std::string(verify_sh)};
}

RemoteScript rename_image(std::string_view from, std::string_view to)
{
    require_image_name(from);
    require_image_name(to);
    return {shell({"rename", std::string(from), std::string(to)}), std::string(images_sh)};
}

RemoteScript remove_images(const std::vector<std::string>& names)
{
    std::vector<std::string> words{"remove"};
    for (const std::string& name : names) {
        require_image_name(name);
        words.push_back(name);
    }
    return {shell(std::move(words)), std::string(images_sh)};
}

} // namespace xenlab::drbl

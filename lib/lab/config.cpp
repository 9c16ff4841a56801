// SPDX-License-Identifier: GPL-3.0-or-later
#include "paths.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/lab/config.hpp>
#include <xenlab/transport/trust.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace xenlab::lab {
namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& words)
{
    throw Error(Errc::usage, fmt::format("{}: {}", text::printable(path), words),
                "xenlab(7) describes the file");
}

/// CLI11 does not say where in the file an item stands.
class Lines {
  public:
    Lines(std::string path, std::string content)
        : path_(std::move(path)), content_(std::move(content))
    {
    }
    /// "PATH:7"; without a number when it is not to be found.
    [[nodiscard]] std::string at(const std::string& section, std::string_view key) const
    {
        std::string here;
        unsigned number = 0;
        for (std::string_view line : text::split(content_, '\n')) {
            ++number;
            line = text::trim(line);
            if (line.starts_with('[') && line.find(']') != std::string_view::npos) {
                here = line.substr(1, line.find(']') - 1);
                if (key.empty() && here == section)
                    return fmt::format("{}:{}", path_, number);
            } else if (!key.empty() && here == section &&
                       text::trim(line.substr(0, line.find('='))) == key) {
                return fmt::format("{}:{}", path_, number);
            }
        }
        return path_;
    }
    [[noreturn]] void refuse(const CLI::ConfigItem& item, const std::string& words) const
    {
        lab::refuse(at(fmt::format("{}", fmt::join(item.parents, ".")), item.name), words);
    }

  private:
    std::string path_, content_;
};

ContextConfig& context_of(Config& config, const std::string& name)
{
    for (ContextConfig& context : config.contexts)
        if (context.name == name)
            return context;
    config.contexts.push_back({.name = name});
    return config.contexts.back();
}

const std::string& only_value(const Lines& lines, const CLI::ConfigItem& item)
{
    if (item.inputs.size() != 1)
        lines.refuse(item, fmt::format("{} takes one value", text::printable(item.fullname())));
    return item.inputs.front();
}

void set_context_key(const Lines& lines, ContextConfig& context, const CLI::ConfigItem& item)
{
    if (item.name == "members") {
        context.members = item.inputs;
        return;
    }
    const std::string& value = only_value(lines, item);
    if (item.name == "host")
        context.host = value;
    else if (item.name == "user")
        context.user = value;
    else if (item.name == "password-file")
        context.password_file = value;
    else if (item.name == "password-command")
        context.password_command = value;
    else if (item.name == "pin")
        context.pin = value;
    else if (item.name == "password")
        lines.refuse(item, "a password does not belong into this file: use password-file or "
                           "password-command");
    else
        lines.refuse(item, fmt::format("unknown key {}", text::printable(item.fullname())));
}

void set_key(Config& config, const Lines& lines, const CLI::ConfigItem& item)
{
    const auto& parents = item.parents;
    if (item.name == "++" || item.name == "--") // where CLI11 sees a section begin and end
        return;
    if (parents.empty() && item.name == "default")
        config.default_context = only_value(lines, item);
    else if (parents.size() == 2 && parents[0] == "context")
        set_context_key(lines, context_of(config, parents[1]), item);
    else if (parents.size() == 3 && parents[0] == "context" && parents[2] == "ssh")
        context_of(config, parents[1]).ssh[item.name] = only_value(lines, item);
    else
        lines.refuse(item, fmt::format("unknown key {}", text::printable(item.fullname())));
}

void check(const Config& config, const Lines& lines)
{
    for (const ContextConfig& context : config.contexts) {
        const std::string section = "context." + context.name;
        if (context.host.empty())
            refuse(lines.at(section, ""),
                   fmt::format("context {} has no host", text::printable(context.name)));
        if (!context.pin.empty() && !transport::parse_pin(context.pin))
            refuse(lines.at(section, "pin"), fmt::format("the pin of context {} is not sha256:HEX",
                                                         text::printable(context.name)));
    }
    if (!config.default_context.empty() && config.find(config.default_context) == nullptr)
        refuse(lines.at("", "default"), fmt::format("the default context {} is not in the file",
                                                    text::printable(config.default_context)));
}

/// A TOML basic string. CLI11 undoes no escapes, so what would need one is refused.
std::string quoted(const std::string& path, const std::string& value)
{
    const bool odd = std::any_of(value.begin(), value.end(), [](unsigned char c) {
        return c == '"' || c == '\\' || c == '\'' || c < 0x20 || c == 0x7f;
    });
    if (odd)
        refuse(path, fmt::format("{} cannot be kept in the file", text::quoted(value)));
    return '"' + value + '"';
}

std::string context_text(const std::string& path, const ContextConfig& context)
{
    std::string text = fmt::format("\n[context.{}]\n", context.name);
    const auto add = [&](std::string_view key, const std::string& value) {
        if (!value.empty())
            text += fmt::format("{} = {}\n", key, quoted(path, value));
    };
    add("host", context.host);
    add("user", context.user);
    add("password-file", context.password_file);
    add("password-command", context.password_command);
    add("pin", context.pin);
    if (!context.members.empty()) {
        text += "members = [";
        for (std::size_t i = 0; i < context.members.size(); ++i)
            text += (i == 0 ? "" : ", ") + quoted(path, context.members[i]);
        text += "]\n";
    }
    if (!context.ssh.empty()) {
        text += fmt::format("\n[context.{}.ssh]\n", context.name);
        for (const auto& [host, destination] : context.ssh)
            add(host, destination);
    }
    return text;
}

} // namespace

const ContextConfig* Config::find(const std::string& name) const noexcept
{
    for (const ContextConfig& context : contexts)
        if (context.name == name)
            return &context;
    return nullptr;
}

std::string Config::default_path()
{
    return config_dir() + "/config";
}

Config Config::load(const std::string& path)
{
    Config config;
    config.path = path;
    std::ifstream file(path);
    if (!file)
        return config;
    std::stringstream content;
    content << file.rdbuf();
    const Lines lines(path, content.str());
    std::vector<CLI::ConfigItem> items;
    try {
        items = CLI::ConfigTOML().from_config(content);
    } catch (const CLI::Error& error) {
        refuse(path, text::printable(error.what()));
    }
    for (const CLI::ConfigItem& item : items)
        set_key(config, lines, item);
    check(config, lines);
    return config;
}

void Config::save() const
{
    check(*this, Lines(path, ""));
    std::string text = "# contexts of xenlab; see xenlab(7)\n";
    if (!default_context.empty())
        text += fmt::format("default = {}\n", quoted(path, default_context));
    for (const ContextConfig& context : contexts)
        text += context_text(path, context);
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
    write_private(path, text);
}

} // namespace xenlab::lab

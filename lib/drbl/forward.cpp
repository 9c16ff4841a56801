// SPDX-License-Identifier: GPL-3.0-or-later
#include "script_texts.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/shell.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/drbl/forward.hpp>
#include <xenlab/drbl/names.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace xenlab::drbl {
namespace {

std::optional<std::uint16_t> parse_port(std::string_view text)
{
    const auto port = text::parse_u64(text);
    if (!port || *port == 0 || *port > 65535)
        return std::nullopt;
    return static_cast<std::uint16_t>(*port);
}

bool is_forward_name(std::string_view name) noexcept
{
    return !name.empty() && name.size() <= 32 && name[0] != '-' &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
           });
}

/// The words of a line of iptables -S, which quotes comments.
std::vector<std::string> rule_words(std::string_view line)
{
    std::vector<std::string> words;
    std::string word;
    bool quoted = false, any = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '\\' && quoted && i + 1 < line.size()) {
            word += line[++i];
        } else if (line[i] == '"') {
            quoted = !quoted;
            any = true;
        } else if (line[i] == ' ' && !quoted) {
            if (any || !word.empty())
                words.push_back(std::move(word));
            word.clear();
            any = false;
        } else {
            word += line[i];
        }
    }
    if (any || !word.empty())
        words.push_back(std::move(word));
    return words;
}

std::string after(const std::vector<std::string>& words, std::string_view option)
{
    const auto it = std::find(words.begin(), words.end(), option);
    return it == words.end() || it + 1 == words.end() ? std::string() : *(it + 1);
}

/// "192.168.1.50:3389"
bool take_destination(Forward& forward, const std::string& to)
{
    const std::size_t colon = to.find(':');
    const auto port = colon == std::string::npos ? std::nullopt : parse_port(to.substr(colon + 1));
    if (!port || !parse_ipv4(to.substr(0, colon)))
        return false;
    forward.client = to.substr(0, colon);
    forward.port = *port;
    return true;
}

/// Collects forwards by name from the kernel's rules and the saved lines.
class Collector {
  public:
    void rule(std::string_view line)
    {
        const auto words = rule_words(line);
        if (words.size() < 2 || words[0] != "-A")
            return;
        const std::string comment = after(words, "--comment");
        const bool ours =
            comment.starts_with("xenlab:") && is_forward_name(std::string_view(comment).substr(7));
        if (words[1] == "PREROUTING" && after(words, "-j") == "DNAT") {
            Forward forward{ours ? comment.substr(7) : "",
                            after(words, "-p"),
                            0,
                            "",
                            0,
                            after(words, "-i"),
                            false};
            forward.listen = parse_port(after(words, "--dport")).value_or(0);
            if (!ours && forward.listen != 0)
                all_.foreign.push_back(
                    fmt::format("{} {}", text::printable(forward.protocol), forward.listen));
            if (ours && take_destination(forward, after(words, "--to-destination"))) {
                ForwardState& state = states_[forward.name];
                state.forward = forward;
                state.active = true;
                ++state.times;
            }
        } else if (ours && words[1] == "POSTROUTING" && after(words, "-j") == "MASQUERADE") {
            masqueraded_.push_back(comment.substr(7));
        }
    }

    void saved(std::string_view line)
    {
        const auto words = text::split(line, ' ');
        if (words.size() != 7 || !is_forward_name(words[6]))
            return;
        Forward forward{std::string(words[6]),
                        std::string(words[0]),
                        0,
                        std::string(words[2]),
                        0,
                        words[4] == "-" ? "" : std::string(words[4]),
                        words[5] == "masquerade"};
        forward.listen = parse_port(words[1]).value_or(0);
        forward.port = parse_port(words[3]).value_or(0);
        try {
            require_valid(forward);
        } catch (const Error&) {
            return; // not a line of ours
        }
        ForwardState& state = states_[forward.name];
        if (!state.active)
            state.forward = forward;
        state.saved = true;
    }

    Forwards take()
    {
        for (const std::string& name : masqueraded_)
            if (const auto it = states_.find(name); it != states_.end())
                it->second.forward.masquerade = true;
        for (auto& [name, state] : states_)
            all_.list.push_back(std::move(state));
        std::sort(all_.list.begin(), all_.list.end(), [](const auto& a, const auto& b) {
            return std::tie(a.forward.protocol, a.forward.listen, a.forward.name) <
                   std::tie(b.forward.protocol, b.forward.listen, b.forward.name);
        });
        return std::move(all_);
    }

  private:
    Forwards all_;
    std::map<std::string, ForwardState> states_;
    std::vector<std::string> masqueraded_;
};

RemoteScript script(const std::vector<std::string>& arguments, bool install)
{
    std::vector<std::string> words{"sh", "-s", "--"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const std::string command = text::shell_command(words);
    RemoteScript script{
        fmt::format("if [ \"$(id -u)\" = 0 ]; then exec {}; else exec sudo -n {}; fi", command,
                    command),
        std::string(forwards_sh)};
    if (install) // the replay is this same script
        script.input = fmt::format("mkdir -p /usr/local/sbin\n"
                                   "cat >/usr/local/sbin/xenlab-drbl-forwards.new <<'XENLAB'\n"
                                   "#!/bin/sh\n{}XENLAB\n"
                                   "chmod 755 /usr/local/sbin/xenlab-drbl-forwards.new\n"
                                   "mv /usr/local/sbin/xenlab-drbl-forwards.new "
                                   "/usr/local/sbin/xenlab-drbl-forwards\n{}",
                                   forwards_sh, forwards_sh);
    return script;
}

std::vector<std::string> cells(const Forward& forward)
{
    return {forward.protocol,
            std::to_string(forward.listen),
            forward.client,
            std::to_string(forward.port),
            forward.interface.empty() ? "-" : forward.interface,
            forward.masquerade ? "masquerade" : "-",
            forward.name};
}

} // namespace

std::string Forward::line() const
{
    std::string line;
    for (const std::string& cell : cells(*this))
        line += (line.empty() ? "" : " ") + cell;
    return line;
}

Forward parse_forward(std::string_view given)
{
    Forward forward;
    forward.protocol = "tcp";
    std::string_view rest = given;
    if (const std::size_t slash = rest.find('/'); slash != std::string_view::npos) {
        forward.protocol = rest.substr(0, slash);
        rest.remove_prefix(slash + 1);
    }
    const auto parts = text::split(rest, ':');
    const auto listen = parse_port(parts[0]);
    const auto port = parts.size() == 3 ? parse_port(parts[2]) : std::nullopt;
    if (!listen || !port)
        throw Error(Errc::usage, fmt::format("not LISTEN:CLIENT:PORT: {}", text::quoted(given)),
                    "for example 3390:192.168.1.50:3389 or udp/69:192.168.1.50:69");
    forward.listen = *listen;
    forward.client = parts[1];
    forward.port = *port;
    require_valid(forward);
    return forward;
}

void require_valid(Forward& forward)
{
    const auto refuse = [](std::string_view what, std::string_view value) {
        throw Error(Errc::usage, fmt::format("not {}: {}", what, text::quoted(value)));
    };
    if (forward.protocol != "tcp" && forward.protocol != "udp")
        refuse("tcp or udp", forward.protocol);
    if (!parse_ipv4(forward.client))
        refuse("an IP address", forward.client);
    if (!forward.interface.empty() && !is_interface_name(forward.interface))
        refuse("a network interface", forward.interface);
    if (forward.listen == 0 || forward.port == 0)
        refuse("a port", "0");
    if (forward.name.empty())
        forward.name = fmt::format("{}-{}", forward.protocol, forward.listen);
    if (!is_forward_name(forward.name))
        refuse("a name of a forward", forward.name);
}

Forwards read_forwards(const std::vector<Record>& records)
{
    Collector collector;
    const std::string rules = find_record(records, "forwards.rules").value_or("");
    for (const std::string_view line : text::split(rules, '\n'))
        collector.rule(line);
    const std::string saved = find_record(records, "forwards.saved").value_or("");
    for (const std::string_view line : text::split(saved, '\n'))
        collector.saved(line);
    Forwards forwards = collector.take();
    forwards.ip_forward = text::trim(find_record(records, "ip_forward").value_or("")) == "1";
    forwards.forward_drops = find_record(records, "forwards.policy").value_or("") != "ACCEPT";
    forwards.persistent = find_record(records, "forwards.replay") == "yes";
    return forwards;
}

RemoteScript add_forward(const Forward& forward, bool save, bool enable_ip_forward)
{
    Forward checked = forward;
    require_valid(checked);
    std::vector<std::string> words{"add", save ? "yes" : "no", enable_ip_forward ? "yes" : "no"};
    for (std::string& cell : cells(checked))
        words.push_back(std::move(cell));
    return script(words, save);
}

RemoteScript remove_forward(std::string_view name)
{
    if (!is_forward_name(name))
        throw Error(Errc::usage, fmt::format("not a name of a forward: {}", text::quoted(name)));
    return script({"rm", std::string(name)}, false);
}

RemoteScript save_forwards(const std::vector<Forward>& forwards)
{
    std::vector<std::string> words{"save"};
    for (Forward forward : forwards) {
        require_valid(forward);
        words.push_back(forward.line());
    }
    return script(words, true);
}

} // namespace xenlab::drbl

// SPDX-License-Identifier: GPL-3.0-or-later
#include "ssh_config_reader.hpp"
#include "ssh_names.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/transport/ssh_config.hpp>

#include <climits>
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <map>
#include <pwd.h>

#include <sys/socket.h>
#include <unistd.h>

namespace xenlab::transport {
namespace {

struct Login {
    std::string name, home;
};

/// $HOME comes first, as everywhere in xenlab; ssh(1) looks at the password database only.
Login our_login()
{
    Login login;
    std::array<char, 16384> space{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(::getuid(), &entry, space.data(), space.size(), &found) == 0 &&
        found != nullptr) {
        login.name = found->pw_name;
        login.home = found->pw_dir;
    }
    if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0')
        login.home = home;
    if (login.name.empty())
        login.name = "root";
    return login;
}

std::string local_host()
{
    std::array<char, HOST_NAME_MAX + 1> name{};
    ::gethostname(name.data(), name.size() - 1);
    return name.data();
}

/// First value wins, but for IdentityFile and CertificateFile, which add up. Values are raw until
/// all is read, since their tokens depend on other keywords.
struct Raw {
    std::map<std::string, std::vector<std::string>> words;
    std::map<std::string, ConfigPlace> places;
    std::vector<std::pair<std::string, ConfigPlace>> identities, certificates;

    [[nodiscard]] std::string first(const std::string& keyword) const
    {
        const auto found = words.find(keyword);
        return found == words.end() ? std::string() : found->second.front();
    }
    [[nodiscard]] bool has(const std::string& keyword) const { return words.contains(keyword); }
};

class Interpreter {
  public:
    explicit Interpreter(const SshTarget& target) : login_(our_login()) { out_.given = target; }

    SshSettings read(const std::string& config_file);

  private:
    void pass(const std::string& config_file, ConfigSubject& subject);
    void keyword(const std::string& name, const std::vector<std::string>& words,
                 const ConfigPlace& place);
    void decide();
    void decide_keys();
    void decide_route();
    void decide_numbers();
    [[nodiscard]] std::string host_so_far() const;
    [[nodiscard]] std::string user_so_far() const;
    [[nodiscard]] std::string expand(std::string_view text, const ConfigPlace& place) const;
    [[nodiscard]] std::string path(const std::string& text, const ConfigPlace& place) const;
    [[nodiscard]] std::vector<std::string> paths(const std::string& keyword,
                                                 const std::vector<std::string>& usual) const;
    [[nodiscard]] bool flag(const std::string& keyword) const;
    [[nodiscard]] std::optional<unsigned> number(const std::string& keyword) const;
    [[nodiscard]] std::optional<std::chrono::seconds> seconds(const std::string& keyword) const;
    [[nodiscard]] const ConfigPlace& place_of(const std::string& keyword) const
    {
        return raw_.places.at(keyword);
    }

    Login login_;
    Raw raw_;
    SshSettings out_;
};

std::string Interpreter::host_so_far() const
{
    const std::string name = raw_.first("hostname");
    return name.empty() ? out_.given.host : name;
}

std::string Interpreter::user_so_far() const
{
    if (!out_.given.user.empty())
        return out_.given.user;
    const std::string name = raw_.first("user");
    return name.empty() ? login_.name : name;
}

void Interpreter::keyword(const std::string& name, const std::vector<std::string>& words,
                          const ConfigPlace& place)
{
    static const std::map<std::string, std::string> older{
        {"pubkeyacceptedkeytypes", "pubkeyacceptedalgorithms"}};
    const auto renamed = older.find(name);
    const std::string& known = renamed == older.end() ? name : renamed->second;
    if (known == "identityfile")
        raw_.identities.emplace_back(words.front(), place);
    else if (known == "certificatefile")
        raw_.certificates.emplace_back(words.front(), place);
    // Whichever of the two comes first decides, as in ssh(1).
    else if ((known == "proxyjump" && raw_.has("proxycommand")) ||
             (known == "proxycommand" && raw_.has("proxyjump")))
        return;
    else if (raw_.words.try_emplace(known, words).second)
        raw_.places.emplace(known, place);
}

void Interpreter::pass(const std::string& config_file, ConfigSubject& subject)
{
    const OnKeyword on_keyword = [this](const std::string& name,
                                        const std::vector<std::string>& words,
                                        const ConfigPlace& place) { keyword(name, words, place); };
    if (config_file == "none")
        return;
    if (!config_file.empty()) {
        if (!read_config_file(config_file, subject, on_keyword))
            throw Error(Errc::not_found, fmt::format("{}: cannot read the SSH configuration",
                                                     text::printable(config_file)));
        return;
    }
    read_config_file(login_.home + "/.ssh/config", subject, on_keyword);
    read_config_file("/etc/ssh/ssh_config", subject, on_keyword);
}

SshSettings Interpreter::read(const std::string& config_file)
{
    ConfigSubject subject;
    subject.original_host = out_.given.host;
    subject.host = [this] { return host_so_far(); };
    subject.user = [this] { return user_so_far(); };
    subject.local_user = login_.name;
    subject.home = login_.home;
    subject.expand = [this](std::string_view text, const ConfigPlace& place) {
        out_.host = host_so_far();
        out_.user = user_so_far();
        return expand(text, place);
    };
    pass(config_file, subject);
    if (subject.wants_final_pass) {
        subject.final_pass = true;
        raw_.identities.clear(); // they would be there twice
        raw_.certificates.clear();
        pass(config_file, subject);
    }
    decide();
    return std::move(out_);
}

/// %-tokens and ${VARIABLES}; ssh_config(5), TOKENS.
std::string Interpreter::expand(std::string_view text, const ConfigPlace& place) const
{
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{') {
            const std::size_t end = text.find('}', i);
            if (end == std::string_view::npos)
                bad_config(place, "a ${ is not closed");
            const std::string name(text.substr(i + 2, end - i - 2));
            const char* value = std::getenv(name.c_str());
            if (value == nullptr)
                bad_config(place, fmt::format("the environment has no {}", text::quoted(name)));
            result += value;
            i = end;
            continue;
        }
        if (text[i] != '%') {
            result += text[i];
            continue;
        }
        switch (++i < text.size() ? text[i] : '\0') {
        case '%':
            result += '%';
            break;
        case 'd':
            result += login_.home;
            break;
        case 'h':
            result += out_.host;
            break;
        case 'i':
            result += std::to_string(::getuid());
            break;
        case 'k':
            result += out_.host_key_alias.empty() ? out_.given.host : out_.host_key_alias;
            break;
        case 'L':
            result += local_host().substr(0, local_host().find('.'));
            break;
        case 'l':
            result += local_host();
            break;
        case 'n':
            result += out_.given.host;
            break;
        case 'p':
            result += std::to_string(out_.port);
            break;
        case 'r':
            result += out_.user;
            break;
        case 'u':
            result += login_.name;
            break;
        default:
            bad_config(place, fmt::format("{} has a token that is not known", text::quoted(text)));
        }
    }
    return result;
}

std::string Interpreter::path(const std::string& text, const ConfigPlace& place) const
{
    std::string whole = text;
    if (whole == "~" || whole.starts_with("~/"))
        whole.replace(0, 1, login_.home);
    return expand(whole, place);
}

std::vector<std::string> Interpreter::paths(const std::string& keyword,
                                            const std::vector<std::string>& usual) const
{
    const auto found = raw_.words.find(keyword);
    if (found == raw_.words.end())
        return usual;
    std::vector<std::string> result;
    for (const std::string& word : found->second)
        if (word != "none")
            result.push_back(path(word, place_of(keyword)));
    return result;
}

bool Interpreter::flag(const std::string& keyword) const
{
    const std::string value = text::to_lower(raw_.first(keyword));
    if (value.empty() || value == "no" || value == "false" || value == "off")
        return false;
    if (value != "yes" && value != "true" && value != "on")
        bad_config(place_of(keyword), fmt::format("{} is neither yes nor no", text::quoted(value)));
    return true;
}

std::optional<unsigned> Interpreter::number(const std::string& keyword) const
{
    if (!raw_.has(keyword))
        return std::nullopt;
    const auto value = text::parse_u64(raw_.first(keyword));
    if (!value || *value > 100'000)
        bad_config(place_of(keyword),
                   fmt::format("{} is no number", text::quoted(raw_.first(keyword))));
    return static_cast<unsigned>(*value);
}

std::optional<std::chrono::seconds> Interpreter::seconds(const std::string& keyword) const
{
    const std::string value = raw_.first(keyword);
    if (value.empty() || value == "none")
        return std::nullopt;
    const auto time = text::parse_duration(value);
    if (!time || *time > std::chrono::hours(24 * 365))
        bad_config(place_of(keyword), fmt::format("{} is no time", text::quoted(value)));
    return std::chrono::duration_cast<std::chrono::seconds>(*time);
}

void Interpreter::decide_numbers()
{
    out_.connect_timeout = seconds("connecttimeout");
    out_.alive_interval = seconds("serveraliveinterval");
    out_.alive_count = number("serveralivecountmax");
    const std::string family = text::to_lower(raw_.first("addressfamily"));
    out_.address_family = family == "inet" ? AF_INET : family == "inet6" ? AF_INET6 : AF_UNSPEC;
    out_.bind_address = raw_.first("bindaddress");
    out_.compression = flag("compression");
    out_.host_key_algorithms = raw_.first("hostkeyalgorithms");
    out_.kex_algorithms = raw_.first("kexalgorithms");
    out_.ciphers = raw_.first("ciphers");
    out_.macs = raw_.first("macs");
    out_.key_types = raw_.first("pubkeyacceptedalgorithms");
}

void Interpreter::decide_keys()
{
    const std::string ssh = login_.home + "/.ssh/";
    out_.user_known_hosts =
        paths("userknownhostsfile", {ssh + "known_hosts", ssh + "known_hosts2"});
    out_.global_known_hosts =
        paths("globalknownhostsfile", {"/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"});
    const std::string strict = text::to_lower(raw_.first("stricthostkeychecking"));
    out_.strict = strict == "yes" ? SshSettings::Strict::yes
                  : strict == "accept-new" || strict == "no" || strict == "off"
                      ? SshSettings::Strict::accept_new
                      : SshSettings::Strict::ask;
    out_.identities_only = flag("identitiesonly");
    out_.default_identities = raw_.identities.empty();
    for (const auto& [file, place] : raw_.identities)
        if (file != "none")
            out_.identity_files.push_back(path(file, place));
    for (const auto& [file, place] : raw_.certificates)
        if (file != "none")
            out_.certificate_files.push_back(path(file, place));
    if (out_.default_identities)
        for (const char* name : {"id_ed25519", "id_ecdsa", "id_rsa"})
            out_.identity_files.push_back(ssh + name);
    const char* usual = std::getenv("SSH_AUTH_SOCK");
    out_.agent = usual == nullptr ? "" : usual;
    const std::string agent = raw_.first("identityagent");
    if (agent == "none")
        out_.agent.clear();
    else if (agent.starts_with('$') && !agent.starts_with("${")) {
        const char* value = std::getenv(agent.c_str() + 1);
        out_.agent = value == nullptr ? "" : value;
    } else if (!agent.empty() && agent != "SSH_AUTH_SOCK")
        out_.agent = path(agent, place_of("identityagent"));
}

void Interpreter::decide_route()
{
    if (const std::string jumps = raw_.first("proxyjump"); !jumps.empty() && jumps != "none")
        for (const std::string_view jump : text::split(jumps, ','))
            out_.jumps.push_back(parse_ssh_target(text::trim(jump)));
    const auto command = raw_.words.find("proxycommand");
    if (command == raw_.words.end() || command->second.front() == "none")
        return;
    std::string whole;
    for (const std::string& word : command->second)
        whole += (whole.empty() ? "" : " ") + word;
    out_.proxy_command = expand(whole, place_of("proxycommand"));
}

void Interpreter::decide()
{
    out_.port = out_.given.port;
    if (out_.port == 0)
        out_.port = static_cast<std::uint16_t>(number("port").value_or(22));
    out_.host = out_.given.host;
    out_.user = user_so_far();
    if (raw_.has("hostname"))
        out_.host = expand(raw_.first("hostname"), place_of("hostname"));
    if (!is_safe_host(out_.host) || !is_safe_user(out_.user) || out_.port == 0)
        throw Error(Errc::usage,
                    fmt::format("{}: the configuration makes it {}@{}, port {}",
                                text::printable(out_.given.host), text::printable(out_.user),
                                text::printable(out_.host), out_.port));
    out_.host_key_alias = raw_.first("hostkeyalias");
    decide_numbers();
    decide_keys();
    decide_route();
}

} // namespace

SshSettings read_ssh_config(const SshTarget& target, const std::string& config_file)
{
    return Interpreter(target).read(config_file);
}

} // namespace xenlab::transport

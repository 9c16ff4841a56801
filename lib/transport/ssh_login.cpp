// SPDX-License-Identifier: GPL-3.0-or-later
#include "ssh_login.hpp"

#include "ssh_known_hosts.hpp"
#include "ssh_user_keys.hpp"

#include <xenlab/base/shell.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include <unistd.h>

namespace xenlab::transport {
namespace {

// What libssh 0.10 offers, strongest first.
constexpr std::string_view usual_host_keys =
    "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,"
    "rsa-sha2-256";

// AES-GCM is the cheapest for the host's processor, where it matters most (a dom0 at work).
constexpr std::string_view usual_ciphers =
    "aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr,"
    "aes192-ctr,aes256-ctr";

/// The algorithms that sign with a key of this type.
bool signs_with(std::string_view algorithm, std::string_view type)
{
    return algorithm == type || (type == "ssh-rsa" && algorithm.starts_with("rsa-sha2-"));
}

struct ServerKey {
    KeyHandle key;
    std::string type, base64, print;
};

ServerKey server_key_of(ssh_session session)
{
    ServerKey server;
    ssh_key key = nullptr;
    if (ssh_get_server_publickey(session, &key) != SSH_OK)
        throw Error(Errc::unreachable, "the server showed no host key");
    server.key.reset(key);
    char* base64 = nullptr;
    if (ssh_pki_export_pubkey_base64(key, &base64) != SSH_OK)
        throw Error(Errc::unreachable, "libssh cannot read the host key");
    server.base64 = base64;
    ssh_string_free_char(base64);
    const char* type = ssh_key_type_to_char(ssh_key_type(key));
    server.type = type == nullptr ? "" : type;
    if (server.type == "ecdsa") // old spelling of the type without its curve
        server.type = ssh_pki_key_ecdsa_name(key);
    server.print = fingerprint(key);
    return server;
}

int no_passphrase(const char* /*prompt*/, char* /*buffer*/, std::size_t /*length*/, int /*echo*/,
                  int /*verify*/, void* asked)
{
    *static_cast<bool*>(asked) = true;
    return -1;
}

} // namespace

SshLogin::SshLogin(ssh_session session, const SshSettings& settings, std::string config_file,
                   std::function<void()> wait, std::function<void(const std::string&)> note)
    : session_(session), settings_(settings), config_file_(std::move(config_file)),
      wait_(std::move(wait)), note_(std::move(note)),
      known_name_(settings.host_key_alias.empty() ? known_hosts_name(settings.host, settings.port)
                                                  : text::to_lower(settings.host_key_alias))
{
}

template <typename Step>
int SshLogin::complete(Step step)
{
    for (;;) {
        const int result = step();
        if (result != SSH_AGAIN && result != SSH_AUTH_AGAIN)
            return result;
        if (connected_ && ssh_is_connected(session_) == 0) // libssh would try again for ever
            throw Error(Errc::unreachable, ssh_words(session_),
                        "a server takes only a few keys: name the right one with IdentityFile, and "
                        "IdentitiesOnly yes");
        wait_();
    }
}

void SshLogin::set_options(int fd)
{
    const bool no = false;
    set_option(session_, SSH_OPTIONS_PROCESS_CONFIG, &no, "option"); // we have read it
    set_option(session_, SSH_OPTIONS_HOST, settings_.host.c_str(), "host name");
    set_option(session_, SSH_OPTIONS_USER, settings_.user.c_str(), "user name");
    set_option(session_, SSH_OPTIONS_FD, &fd, "descriptor");
    const int off = 0;
    set_option(session_, SSH_OPTIONS_GSSAPI_AUTH, &off, "option");
    // Its own idea of known_hosts is not used.
    set_option(session_, SSH_OPTIONS_KNOWNHOSTS, "/dev/null", "file");
    set_option(session_, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null", "file");
    if (!settings_.agent.empty())
        set_option(session_, SSH_OPTIONS_IDENTITY_AGENT, settings_.agent.c_str(), "agent");
    const std::string ciphers =
        settings_.ciphers.empty() ? std::string(usual_ciphers) : settings_.ciphers;
    set_option(session_, SSH_OPTIONS_CIPHERS_C_S, ciphers.c_str(), "list of ciphers");
    set_option(session_, SSH_OPTIONS_CIPHERS_S_C, ciphers.c_str(), "list of ciphers");
    if (!settings_.macs.empty()) {
        set_option(session_, SSH_OPTIONS_HMAC_C_S, settings_.macs.c_str(), "list of MACs");
        set_option(session_, SSH_OPTIONS_HMAC_S_C, settings_.macs.c_str(), "list of MACs");
    }
    if (!settings_.kex_algorithms.empty())
        set_option(session_, SSH_OPTIONS_KEY_EXCHANGE, settings_.kex_algorithms.c_str(),
                   "list of key exchanges");
    if (!settings_.key_types.empty())
        set_option(session_, SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES, settings_.key_types.c_str(),
                   "list of key types");
    set_option(session_, SSH_OPTIONS_COMPRESSION, settings_.compression ? "yes" : "no",
               "compression");
    ssh_set_blocking(session_, 0);
}

/// Asks for a key of a type that known_hosts holds, lest a host with several looks unknown.
void SshLogin::order_host_keys(const std::vector<std::string>& known_types)
{
    std::vector<std::string> order;
    const std::string all = settings_.host_key_algorithms.empty() ? std::string(usual_host_keys)
                                                                  : settings_.host_key_algorithms;
    if (all.find_first_of("+-^*") == 0) { // a change to the default: libssh's business
        set_option(session_, SSH_OPTIONS_HOSTKEYS, all.c_str(), "list of host key algorithms");
        return;
    }
    for (const bool wanted : {true, false})
        for (const std::string_view algorithm : text::split(all, ',')) {
            const bool known =
                std::any_of(known_types.begin(), known_types.end(),
                            [&](const std::string& type) { return signs_with(algorithm, type); });
            if (known == wanted)
                order.emplace_back(algorithm);
        }
    set_option(session_, SSH_OPTIONS_HOSTKEYS, fmt::format("{}", fmt::join(order, ",")).c_str(),
               "list of host key algorithms");
}

/// What a user types to look at the key and accept it.
std::string SshLogin::accept_command() const
{
    std::vector<std::string> words{"ssh"};
    if (!config_file_.empty())
        words.insert(words.end(), {"-F", config_file_});
    if (settings_.given.port != 0)
        words.insert(words.end(), {"-p", std::to_string(settings_.given.port)});
    words.push_back(settings_.given.user.empty()
                        ? settings_.given.host
                        : settings_.given.user + "@" + settings_.given.host);
    words.emplace_back("true");
    return text::shell_command(words);
}

void SshLogin::check_host_key()
{
    const ServerKey server = server_key_of(session_);
    std::vector<std::string> files = settings_.user_known_hosts;
    files.insert(files.end(), settings_.global_known_hosts.begin(),
                 settings_.global_known_hosts.end());
    const KnownKey* other = nullptr;
    bool known = false;
    const std::vector<KnownKey> keys = find_known_keys(files, known_name_);
    for (const KnownKey& key : keys) {
        const bool same = key.base64 == server.base64;
        if (key.revoked && same)
            throw Error(Errc::unreachable,
                        fmt::format("the host key {} is revoked in {}", server.print, key.place));
        if (key.revoked || key.authority)
            continue;
        known = known || same;
        if (!same && (other == nullptr || key.type == server.type))
            other = &key;
    }
    if (known)
        return;
    const std::string shown = fmt::format("{} {}", server.type, server.print);
    if (other != nullptr)
        throw Error(Errc::unreachable,
                    fmt::format("the host key has changed: it is now {}, and another one stands in "
                                "{}",
                                shown, other->place),
                    fmt::format("somebody may be listening in; if the host was installed anew, "
                                "check the fingerprint there and remove the old key: {}",
                                text::shell_command({"ssh-keygen", "-R", known_name_})));
    if (settings_.strict == SshSettings::Strict::accept_new &&
        !settings_.user_known_hosts.empty()) {
        const std::string& file = settings_.user_known_hosts.front();
        add_known_key(file, known_name_, server.type, server.base64);
        note_(fmt::format("the host key {} was added to {}", shown, text::printable(file)));
        return;
    }
    throw Error(Errc::unreachable, fmt::format("the host key is not known: {}", shown),
                fmt::format("compare the fingerprint with the host's own (ssh-keygen -lf "
                            "/etc/ssh/ssh_host_{}_key.pub there), then accept it: {}",
                            server.type.starts_with("ecdsa") ? "ecdsa"
                            : server.type == "ssh-rsa"       ? "rsa"
                                                             : "ed25519",
                            accept_command()));
}

bool SshLogin::try_agent()
{
    if (settings_.agent.empty())
        return false;
    if (settings_.identities_only) {
        std::vector<std::string> keys;
        for (const std::string& file : settings_.identity_files)
            keys.push_back(public_blob_of(file));
        try {
            filter_ = std::make_unique<AgentFilter>(settings_.agent, std::move(keys));
        } catch (const Error&) { // as with an agent that is not there
            return false;
        }
        if (ssh_set_agent_socket(session_, filter_->take_socket()) != SSH_OK)
            throw Error(Errc::failed, "libssh: out of memory");
    }
    tried_.emplace_back(settings_.identities_only ? "the agent's keys of IdentityFile"
                                                  : "the agent's keys");
    const int result = complete([&] { return ssh_userauth_agent(session_, nullptr); });
    if (result == SSH_AUTH_ERROR)
        throw Error(Errc::unreachable, ssh_words(session_));
    return result == SSH_AUTH_SUCCESS;
}

bool SshLogin::try_key(ssh_key key)
{
    const int result = complete([&] { return ssh_userauth_publickey(session_, nullptr, key); });
    if (result == SSH_AUTH_ERROR)
        throw Error(Errc::unreachable, ssh_words(session_));
    return result == SSH_AUTH_SUCCESS;
}

/// With each certificate for the key, then with the key alone.
bool SshLogin::try_identity(const std::string& file)
{
    if (::access(file.c_str(), F_OK) != 0) {
        if (!settings_.default_identities)
            tried_.push_back(text::printable(file) + " (no such file)");
        return false;
    }
    bool asked = false;
    const auto load = [&] {
        ssh_key loaded = nullptr;
        ssh_pki_import_privkey_file(file.c_str(), nullptr, &no_passphrase, &asked, &loaded);
        return KeyHandle(loaded);
    };
    const KeyHandle key = load();
    if (!key) {
        if (asked)
            encrypted_.push_back(file);
        tried_.push_back(text::printable(file) + (asked ? " (needs a passphrase)"
                                                  : file.ends_with(".pub")
                                                      ? " (public: the agent has no key for it)"
                                                      : " (cannot be read)"));
        return false;
    }
    std::vector<std::string> files = settings_.certificate_files;
    files.push_back(file + "-cert.pub");
    for (const KeyHandle& certificate : certificates_for(key_blob(key.get()), files)) {
        tried_.push_back(text::printable(file) + " and its certificate");
        const KeyHandle certified = load(); // a key takes one certificate in its life
        if (ssh_pki_copy_cert_to_privkey(certificate.get(), certified.get()) == SSH_OK &&
            try_key(certified.get()))
            return true;
    }
    tried_.push_back(text::printable(file));
    return try_key(key.get());
}

Error SshLogin::refused() const
{
    std::string hint = "put a public key of yours into the host's authorized_keys, for example "
                       "with ssh-copy-id";
    if (!encrypted_.empty())
        hint = fmt::format("a passphrase is never asked for: put the key into an agent with {}",
                           text::shell_command({"ssh-add", encrypted_.front()}));
    return {Errc::unreachable,
            fmt::format("the host refuses the login{}{}", tried_.empty() ? "" : " with ",
                        fmt::join(tried_, ", ")),
            hint};
}

void SshLogin::authenticate()
{
    const int none = complete([&] { return ssh_userauth_none(session_, nullptr); });
    if (none == SSH_AUTH_SUCCESS)
        return;
    if (none == SSH_AUTH_ERROR)
        throw Error(Errc::unreachable, ssh_words(session_));
    const auto methods = static_cast<unsigned>(ssh_userauth_list(session_, nullptr));
    if ((methods & SSH_AUTH_METHOD_PUBLICKEY) == 0)
        throw Error(Errc::unreachable, "the host takes no keys for this user",
                    "passwords are not supported; allow PubkeyAuthentication in its sshd_config");
    if (try_agent())
        return;
    for (const std::string& file : settings_.identity_files)
        if (try_identity(file))
            return;
    throw refused();
}

void SshLogin::run(int fd)
{
    set_options(fd);
    std::vector<std::string> files = settings_.user_known_hosts;
    files.insert(files.end(), settings_.global_known_hosts.begin(),
                 settings_.global_known_hosts.end());
    std::vector<std::string> types;
    for (const KnownKey& key : find_known_keys(files, known_name_))
        if (!key.revoked && !key.authority)
            types.push_back(key.type);
    order_host_keys(types);
    if (complete([&] { return ssh_connect(session_); }) != SSH_OK)
        throw Error(Errc::unreachable, ssh_words(session_));
    connected_ = true;
    check_host_key();
    authenticate();
}

} // namespace xenlab::transport

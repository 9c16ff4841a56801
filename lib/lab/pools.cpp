// SPDX-License-Identifier: GPL-3.0-or-later
#include "pool.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <cstdlib>
#include <map>

namespace xenlab::lab {
namespace {

std::string env(const char* name)
{
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

struct Choice {
    std::string context, context_from, host, host_from;
};

/// Flags beat the environment as a whole: -c is not mixed with XENLAB_HOST.
Choice choose(const ConnectOptions& options)
{
    Choice choice;
    if (!options.context.empty() || !options.host.empty()) {
        choice = {options.context, "flag", options.host, "flag"};
    } else {
        choice = {env("XENLAB_CONTEXT"), "env XENLAB_CONTEXT", env("XENLAB_HOST"),
                  "env XENLAB_HOST"};
    }
    return choice;
}

} // namespace

class Pools::Impl {
  public:
    Impl(ConnectOptions given, Words given_words, std::stop_token token)
        : options(std::move(given)), words(std::move(given_words)), stop(std::move(token)),
          config(Config::load())
    {
        if (options.password_file.empty() && options.password_fd < 0)
            options.password_file = env("XENLAB_PASSWORD_FILE");
        if (!options.pin.empty() && !transport::parse_pin(options.pin))
            throw Error(Errc::usage,
                        fmt::format("--pin {}: not sha256:HEX", text::quoted(options.pin)));
    }

    Pool* make(const std::string& context, const std::string& context_from, const std::string& host,
               const std::string& host_from);

    ConnectOptions options;
    Words words;
    std::stop_token stop;
    Config config;
    std::map<std::string, std::unique_ptr<Pool>> pools; ///< by context, or "@host"
};

Pool* Pools::Impl::make(const std::string& context, const std::string& context_from,
                        const std::string& host, const std::string& host_from)
{
    auto& slot = pools[context.empty() ? "@" + host : context];
    if (slot)
        return slot.get();
    ContextConfig merged;
    std::vector<Origin> origins;
    const std::string in_context = fmt::format("context {}", context);
    if (!context.empty()) {
        const ContextConfig* found = config.find(context);
        if (found == nullptr) {
            std::vector<std::string> names;
            for (const ContextConfig& known : config.contexts)
                names.push_back(known.name);
            const auto near = text::nearest(context, names);
            throw Error(
                Errc::not_found, fmt::format("there is no context {}", text::quoted(context)),
                near ? fmt::format("did you mean {}?", *near)
                     : std::string("xvm ctx ls shows those in ") + text::printable(config.path));
        }
        merged = *found;
        origins.push_back({"context", context, context_from});
    }
    const bool own_host = host.empty();
    if (!own_host)
        merged.host = host;
    origins.push_back({"host", merged.host, own_host ? in_context : host_from});
    std::string user_from = context.empty() ? "default" : in_context;
    for (const auto& [user, from] : {std::pair{env("XENLAB_USER"), std::string("env XENLAB_USER")},
                                     std::pair{options.user, std::string("flag")}})
        if (!user.empty()) {
            merged.user = user;
            user_from = from;
        }
    origins.push_back({"user", merged.user, user_from});
    if (!options.pin.empty())
        merged.pin = options.pin;
    if (!merged.pin.empty())
        origins.push_back({"pin", merged.pin, options.pin.empty() ? in_context : "flag"});
    slot.reset(
        new Pool(std::make_unique<Pool::Impl>(context.empty() ? merged.host : context, merged,
                                              std::move(origins), options, words, stop)));
    return slot.get();
}

Pools::Pools(ConnectOptions options, Words words, std::stop_token stop)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(words), std::move(stop)))
{
}

Pools::~Pools() = default;

std::vector<Pool*> Pools::chosen()
{
    const Config& config = impl_->config;
    Choice choice = choose(impl_->options);
    if (choice.context.empty() && choice.host.empty()) {
        if (!config.default_context.empty())
            choice = {config.default_context, "config default", "", ""};
        else if (config.contexts.size() == 1)
            choice = {config.contexts.front().name, "the only context", "", ""};
        else if (config.contexts.empty())
            throw Error(Errc::usage, "no pool is known yet",
                        "xvm ctx add NAME HOST, or give --host HOST");
        else
            throw Error(Errc::usage, "several pools are known and none is the default",
                        "choose one with -c NAME, or for good with xvm ctx use NAME");
    }
    if (choice.context.empty())
        return {impl_->make("", "", choice.host, choice.host_from)};
    std::vector<Pool*> pools;
    for (const std::string_view name : text::split(choice.context, ','))
        if (!name.empty())
            pools.push_back(
                impl_->make(std::string(name), choice.context_from, choice.host, choice.host_from));
    return pools;
}

Pool& Pools::single()
{
    const std::vector<Pool*> pools = chosen();
    if (pools.size() != 1)
        throw Error(Errc::usage, "this works on one pool at a time", "choose one with -c NAME");
    return *pools.front();
}

Pool& Pools::named(const std::string& context)
{
    return *impl_->make(context, "target", "", "");
}

bool Pools::knows(const std::string& context) const noexcept
{
    return impl_->config.find(context) != nullptr;
}

const Config& Pools::config() const noexcept
{
    return impl_->config;
}

const std::stop_token& Pools::stop() const noexcept
{
    return impl_->stop;
}

} // namespace xenlab::lab

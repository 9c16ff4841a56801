// SPDX-License-Identifier: GPL-3.0-or-later
// xvm doctor: what stands between this machine and the pool, one check after the other.
#include "listing.hpp"
#include "xvm.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/lab/config.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <functional>

namespace xvm {
namespace {

struct None {};
void declare_none(cli::OptionSet&, None&) {}

const std::vector<std::string_view> columns{"status", "check", "message", "hint"};

class Checks {
  public:
    explicit Checks(cli::Context& context) : listing_(context, "xvm.doctor/1", columns, {}) {}

    /// `check` returns what it saw, or throws. False when it threw.
    bool run(const std::string& name, const std::function<std::string()>& check)
    {
        try {
            add("ok", name, check(), "");
            return true;
        } catch (const Error& error) {
            if (error.code() == Errc::interrupted)
                throw;
            add("fail", name, error.what(), error.hint());
            code_ = code_ == 0 ? exit_code(error.code()) : code_;
            return false;
        }
    }
    void warn(const std::string& name, const std::string& words, const std::string& hint)
    {
        add("warn", name, words, hint);
    }
    int finish()
    {
        listing_.finish();
        return code_;
    }

  private:
    void add(const std::string& status, const std::string& name, const std::string& words,
             const std::string& hint)
    {
        listing_.add({status, name, words, hint},
                     {{"status", status}, {"check", name}, {"message", words}, {"hint", hint}});
    }
    Listing listing_;
    int code_ = 0;
};

void check_hosts(Checks& checks, lab::Pool& pool)
{
    for (const auto& host : pool.hosts()) {
        const std::string name = "host " + text::printable(host.record.name_label);
        if (!host.record.enabled)
            checks.warn(name, "is disabled", "xvm host enable");
        else if (host.record.ssh_known && !host.record.ssh_enabled)
            checks.warn(name, "enabled, SSH is off", "vifcap and kill --ssh need it");
        else
            checks.run(name, [&] { return "enabled, " + text::printable(host.record.address); });
    }
}

void check_pool(Checks& checks, lab::Pool& pool)
{
    const std::string where = pool.config().host;
    const bool reached = checks.run("connection", [&] {
        pool.session().call_without_session("system.listMethods");
        return fmt::format("{} answers, its certificate is trusted", text::printable(where));
    });
    if (!reached)
        return;
    const bool in = checks.run("login", [&] {
        pool.session().reference();
        const auto answer = pool.session().get_all<xapi::Pool>(); // proves the session
        return fmt::format("as {}, pool {}", text::printable(pool.config().user),
                           answer.empty() ? "?" : text::quoted(answer[0].record.name_label));
    });
    if (!in)
        return;
    checks.run("version", [&] {
        const auto* first = pool.hosts().empty() ? nullptr : &pool.hosts().front().record;
        if (first == nullptr)
            throw Error(Errc::bad_data, "the pool has no hosts");
        const auto word = [&](const std::string& key) {
            const auto found = first->software_version.find(key);
            return found == first->software_version.end() ? std::string()
                                                          : text::printable(found->second);
        };
        return fmt::format("{} {}, xapi {}", word("product_brand"), word("product_version"),
                           word("xapi_build"));
    });
    check_hosts(checks, pool);
}

int run(const Globals& globals, const None&, cli::Context& context)
{
    Checks checks(context);
    checks.run("private folders", [] { return text::printable(lab::runtime_dir()); });
    std::optional<lab::Pools> pools;
    const bool read = checks.run("config", [&] {
        pools.emplace(globals.connect,
                      lab::Words{.note = [&](std::string_view words) { context.note(words); }},
                      context.stop);
        return fmt::format("{} contexts in {}", pools->config().contexts.size(),
                           text::printable(pools->config().path));
    });
    std::vector<lab::Pool*> chosen;
    if (read)
        checks.run("pool", [&] {
            chosen = pools->chosen();
            return fmt::format("{}", text::printable(chosen.front()->name()));
        });
    for (lab::Pool* pool : chosen)
        check_pool(checks, *pool);
    return checks.finish();
}

} // namespace

Verb doctor_verb()
{
    return cli::make_verb<Globals, None>(
        {.name = "doctor",
         .summary = "check what stands between this machine and the pool",
         .schema = "xvm.doctor/1",
         .formats = list_formats,
         .columns = columns,
         .examples = {{"xvm doctor --format table", "From the config file to the hosts"}},
         .completes = {"CONTEXT", "HOST"}},
        declare_none, run);
}

} // namespace xvm

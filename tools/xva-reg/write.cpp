// SPDX-License-Identifier: GPL-3.0-or-later
#include "bcd.hpp"
#include "hives.hpp"
#include "verbs.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/block/raw_image.hpp>
#include <xenlab/cli/progress.hpp>
#include <xenlab/io/file_source.hpp>
#include <xenlab/registry/hive_log.hpp>
#include <xenlab/registry/reg_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace xva_reg {

using namespace xenlab;

namespace {

constexpr std::size_t max_reg_file = std::size_t{256} << 20U;

/// What a hive's new bytes go to.
class MemoryDevice final : public block::BlockDevice {
  public:
    explicit MemoryDevice(const std::vector<std::byte>& data) : data_(data) {}
    [[nodiscard]] std::uint64_t size() const noexcept override { return data_.size(); }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override
    {
        block::check_range(data_.size(), offset, buffer.size());
        std::copy_n(data_.begin() + static_cast<std::ptrdiff_t>(offset), buffer.size(),
                    buffer.begin());
    }

  private:
    const std::vector<std::byte>& data_;
};

std::string read_text(const std::string& name, const std::stop_token& stop)
{
    const auto source = io::open_source(name, stop);
    std::string text;
    std::vector<std::byte> buffer(65536);
    while (const std::size_t n = source->read(buffer)) {
        if (text.size() + n > max_reg_file)
            throw Error(Errc::bad_data, "the .reg file is too large");
        text.append(reinterpret_cast<const char*>(buffer.data()), n); // NOLINT: char may alias
    }
    return text;
}

/// A change of one hive, with the hive it goes to.
struct Job {
    std::string hive;
    std::function<void(registry::Hive&, const LoadedHive&)> apply;
};

void set_value(registry::Hive& hive, const LoadedHive& loaded, const std::string& path,
               std::string_view text)
{
    std::string resolved = resolve(hive, loaded, path);
    if (loaded.bcd && bcd::is_element(resolved)) {
        hive.set(hive.make(hive.root(), resolved), registry::parse_value("Element", text));
        return;
    }
    const std::size_t slash = resolved.rfind('\\');
    std::string name = slash == std::string::npos ? resolved : resolved.substr(slash + 1);
    if (name == "@")
        name.clear();
    const std::string key = slash == std::string::npos ? "" : resolved.substr(0, slash);
    hive.set(hive.make(hive.root(), key), registry::parse_value(name, text));
}

void delete_path(registry::Hive& hive, const LoadedHive& loaded, const std::string& path)
{
    const std::string resolved = resolve(hive, loaded, path);
    if (const auto key = hive.find(hive.root(), resolved))
        return hive.remove_key(*key);
    const std::size_t slash = resolved.rfind('\\');
    std::string name = slash == std::string::npos ? resolved : resolved.substr(slash + 1);
    if (name == "@")
        name.clear();
    const auto key = hive.find(hive.root(), slash == std::string::npos ? std::string()
                                                                       : resolved.substr(0, slash));
    if (!key || !hive.remove_value(*key, name))
        throw Error(Errc::not_found,
                    fmt::format("there is no key or value {}", text::quoted(resolved, 400)));
}

void apply_edit(registry::Hive& hive, const LoadedHive& loaded, const std::string& path,
                const registry::KeyEdit& edit)
{
    const std::string resolved = resolve(hive, loaded, path);
    if (edit.remove) {
        if (const auto key = hive.find(hive.root(), resolved))
            hive.remove_key(*key); // as regedit: what is not there is no failure
        return;
    }
    hive.make(hive.root(), resolved);
    for (const registry::ValueEdit& value : edit.values) {
        const auto key = hive.find(hive.root(), resolved);
        if (!key)
            throw Error(Errc::failed, "a key that was made is not there");
        if (value.remove)
            hive.remove_value(*key, value.value.name);
        else
            hive.set(*key, value.value);
    }
}

Job set_job(const Options& o)
{
    if (o.words.size() != 1 || o.words[0].find('=') == std::string::npos)
        throw Error(Errc::usage, "set takes KEY\\Value=TYPE:DATA");
    const std::size_t equals = o.words[0].find('=');
    const KeyName name = parse_key(o.words[0].substr(0, equals), o.hive);
    const std::string text = o.words[0].substr(equals + 1);
    static_cast<void>(registry::parse_value("", text));
    return {name.hive, [name, text](registry::Hive& hive, const LoadedHive& loaded) {
                set_value(hive, loaded, name.path, text);
            }};
}

Job service_job(const Options& o)
{
    static constexpr std::array<std::string_view, 6> starts{"boot",   "system",   "auto",
                                                            "demand", "disabled", "manual"};
    const std::string choice =
        o.words.size() == 2 && o.words[1].starts_with("start=") ? o.words[1].substr(6) : "";
    const auto* start = std::find(starts.begin(), starts.end(), choice);
    if (start == starts.end())
        throw Error(Errc::usage, "service takes a name and start=boot|system|auto|demand|disabled");
    const auto number = choice == "manual" ? 3 : start - starts.begin();
    const std::string path = "CurrentControlSet\\Services\\" + o.words[0];
    return {o.hive.empty() ? "system" : o.hive,
            [path, number](registry::Hive& hive, const LoadedHive& loaded) {
                const auto key = hive.find(hive.root(), resolve(hive, loaded, path));
                if (!key)
                    throw Error(Errc::not_found,
                                fmt::format("there is no service {}",
                                            text::quoted(path.substr(path.rfind('\\') + 1))));
                hive.set(*key, registry::parse_value("Start", fmt::format("dword:{}", number)));
            }};
}

Job bcd_job(const Options& o)
{
    const std::string hive = o.hive.empty() ? "bcd" : o.hive;
    if (o.words.size() == 2 && o.words[0] == "debug" && (o.words[1] == "on" || o.words[1] == "off"))
        return {hive, [&o](registry::Hive& h, const LoadedHive&) {
                    bcd::set_debug(h, {.on = o.words[1] == "on", .port = o.port, .baud = o.baud});
                }};
    if (!o.words.empty() && o.words.size() <= 2 && o.words[0] == "safeboot") {
        const std::string mode = o.words.size() == 2 ? o.words[1] : "minimal";
        return {hive, [mode](registry::Hive& h, const LoadedHive&) { bcd::set_safeboot(h, mode); }};
    }
    throw Error(Errc::usage, "bcd takes debug on|off [--port N] [--baud N], or safeboot "
                             "[minimal|network|dsrepair|off]");
}

std::vector<Job> merge_jobs(const Options& o, const cli::Context& context)
{
    if (o.words.size() != 1)
        throw Error(Errc::usage, "merge takes one .reg file, or -");
    if (o.words[0] == "-" && o.source.source == "-")
        throw Error(Errc::usage, "standard input can be used once");
    std::vector<Job> jobs;
    for (const registry::KeyEdit& edit : registry::parse_reg(read_text(o.words[0], context.stop))) {
        const KeyName name = parse_key(edit.key, o.hive);
        jobs.push_back({name.hive, [name, edit](registry::Hive& hive, const LoadedHive& loaded) {
                            apply_edit(hive, loaded, name.path, edit);
                        }});
    }
    return jobs;
}

std::vector<Job> jobs_of(const Options& o, const cli::Context& context)
{
    if (o.verb == "merge")
        return merge_jobs(o, context);
    if (o.verb == "set")
        return {set_job(o)};
    if (o.verb == "service")
        return {service_job(o)};
    if (o.verb == "bcd")
        return {bcd_job(o)};
    if (o.words.size() != 1)
        throw Error(Errc::usage, "delete takes one KEY or KEY\\Value");
    const KeyName name = parse_key(o.words[0], o.hive);
    return {{name.hive, [name](registry::Hive& hive, const LoadedHive& loaded) {
                 delete_path(hive, loaded, name.path);
             }}};
}

struct Written {
    LoadedHive loaded;
    std::vector<std::byte> bytes;
};

void put_back(guest::Guest& guest, const Written& written)
{
    const guest::Place& place = written.loaded.place;
    if (!place.parent)
        throw Error(Errc::failed, "the hive is no file in a folder");
    MemoryDevice content(written.bytes);
    guest.filesystem(place.volume)
        .write_file(place.parent->node, place.path.substr(place.path.rfind('/') + 1), content, {});
}

void verify(guest::Guest& guest, const Written& written)
{
    const auto content = guest.open(guest.find(written.loaded.place.path));
    std::vector<std::byte> again(static_cast<std::size_t>(content->size()));
    content->read(0, again);
    if (again != written.bytes || registry::is_dirty(again))
        throw Error(Errc::failed, "the hive does not read back as it was written; nothing was "
                                  "changed");
    static_cast<void>(registry::Hive(again, registry::Hive::Access::read).root());
}

} // namespace

int write_registry(const Options& o, cli::Context& context)
{
    guest::require_target(o.edit);
    const std::vector<Job> jobs = jobs_of(o, context);
    cli::Progress progress(context, "writing");
    guest::Edit edit(guest::edit_options(o.edit, o.source, context, progress));
    std::vector<std::string> order;
    for (const Job& job : jobs)
        if (std::find(order.begin(), order.end(), job.hive) == order.end())
            order.push_back(job.hive);
    std::vector<Written> written;
    for (const std::string& name : order) {
        Written w{.loaded = load_hive(edit.guest(), name, context, true, o.edit.recover)};
        registry::Hive hive(w.loaded.bytes, registry::Hive::Access::write);
        for (const Job& job : jobs)
            if (job.hive == name)
                job.apply(hive, w.loaded);
        w.bytes = hive.commit();
        put_back(edit.guest(), w);
        written.push_back(std::move(w));
    }
    guest::Guest& again = edit.reopen();
    for (const Written& w : written)
        verify(again, w);
    if (edit.damaged())
        throw Error(Errc::bad_data, "the source is damaged where it was read; nothing was changed");
    edit.commit(o.edit.output == "-" ? &context.out(cli::Context::Content::binary) : nullptr);
    progress.done();
    return 0;
}

} // namespace xva_reg

// SPDX-License-Identifier: GPL-3.0-or-later
// xvm iso put: a file into an ISO SR, over SSH to a host that has the SR mounted; XAPI has no call
// for it. The file is complete under its name or not there: it is written beside it and renamed.
#include "listing.hpp"
#include "pool_view.hpp"
#include "rows.hpp"

#include <xenlab/base/shell.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/cli/progress.hpp>
#include <xenlab/io/file_source.hpp>
#include <xenlab/transport/ssh.hpp>

#include <fmt/format.h>

#include <array>

namespace xvm {
namespace {

constexpr std::chrono::minutes longest_silence{2}; // of a host that does not take what we send
constexpr std::size_t longest_name = 200;

struct Options {
    std::string file, sr, name;
    bool replace = false;
    ChangeOptions change;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_option("FILE", o.file, "The image; - is standard input").type_name("FILE").required();
    set.add_option("SR", o.sr, "The ISO SR: name, uuid or start of a uuid").required();
    set.add_option("--name", o.name, "What to call it there (default: as the file)")
        .type_name("NAME");
    set.add_flag("--replace", o.replace, "Put it in the place of one of that name");
    declare_change_options(set, o.change, false);
}

/// The SM driver shows files of these endings only (sm: ISOSR.py).
std::string name_of(const Options& o)
{
    std::string name = o.name.empty() ? o.file.substr(o.file.rfind('/') + 1) : o.name;
    const std::string lower = text::to_lower(name);
    const bool odd = name.empty() || name.size() > longest_name || name.front() == '.' ||
                     name.find('/') != std::string::npos || text::printable(name) != name;
    if (odd || !(lower.ends_with(".iso") || lower.ends_with(".img")))
        throw Error(Errc::usage,
                    fmt::format("{} cannot be the name of an image", text::quoted(name)),
                    "--name gives another: it ends with .iso or .img");
    return name;
}

/// Where the SR's files are on a host that has it attached (sm: ISOSR.py, SR.MOUNT_BASE).
struct Place {
    const xapi::Object<xapi::Host>* host = nullptr;
    std::string folder;
};

Place place_of(PoolView& view, const xapi::Object<xapi::Sr>& sr)
{
    for (const auto& ref : sr.record.PBDs) {
        const xapi::Pbd* pbd = view.find(ref);
        if (pbd == nullptr || !pbd->currently_attached)
            continue;
        const std::string path = value_of(pbd->device_config, "iso_path");
        Place place{.folder = value_of(pbd->device_config, "legacy_mode") == "true"
                                  ? value_of(pbd->device_config, "location")
                                  : "/var/run/sr-mount/" + sr.record.uuid};
        if (!path.empty())
            place.folder += path.front() == '/' ? path : '/' + path;
        for (const auto& host : view.all<xapi::Host>())
            if (host.ref == pbd->host)
                place.host = &host;
        if (place.host != nullptr && place.folder.starts_with('/'))
            return place;
    }
    throw Error(Errc::precondition, "no host has the SR attached", "xvm sr ls shows where it is");
}

/// Throws Error{precondition} when there is such an image that may not go.
void look_for(PoolView& view, const xapi::Object<xapi::Sr>& sr, const std::string& name,
              bool replace)
{
    for (const auto& vdi : view.all<xapi::Vdi>()) {
        if (vdi.record.SR != sr.ref || vdi.record.location != name)
            continue;
        if (!replace)
            throw Error(Errc::precondition, "there is an image of that name",
                        "--replace puts this one in its place");
        for (const auto& ref : vdi.record.VBDs)
            if (const xapi::Vbd* vbd = view.find(ref); vbd != nullptr && vbd->currently_attached)
                throw Error(
                    Errc::precondition,
                    fmt::format("it is in the drive of {}", text::quoted(view.name(vbd->VM))),
                    "xvm iso eject first");
    }
}

class Upload {
  public:
    Upload(transport::SshSession& session, const std::string& folder, const std::string& name)
        : session_(session), in_folder_("cd -- " + text::shell_word(folder) + " && "),
          part_(text::shell_word("./." + name + ".xvm-part")), name_(text::shell_word("./" + name))
    {
    }
    ~Upload()
    {
        if (!done_)
            try { // without the stop token: this is for Ctrl-C, too
                transport::run_ssh(session_, in_folder_ + "rm -f " + part_, {});
            } catch (const std::exception&) { // NOLINT(bugprone-empty-catch): it has gone away
            }
    }
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;

    /// Number of bytes.
    std::uint64_t send(io::ByteSource& source, const cli::Context& context)
    {
        const auto command =
            session_.start(in_folder_ + "exec cat >" + part_, {.stop = context.stop},
                           transport::deadline_in(longest_silence));
        cli::Progress progress(context, "sent");
        std::array<std::byte, 65536> buffer{};
        std::uint64_t sent = 0;
        try {
            while (const std::size_t n = source.read(buffer)) {
                command->write_stdin(std::span(buffer).first(n),
                                     transport::deadline_in(longest_silence));
                progress.update(sent += n, source.total());
            }
            command->close_stdin();
        } catch (const Error& error) {
            if (error.code() != Errc::failed) // else it says below why it does not read
                throw;
        }
        std::string words;
        while (const std::size_t n =
                   command->read_stderr(buffer, transport::deadline_in(longest_silence)))
            if (words.size() < 1000)
                words.append(fmt::format("{}", text_of(std::span(buffer).first(n))));
        check({command->wait(transport::deadline_in(longest_silence)), {}, words});
        return sent;
    }

    void finish(std::uint64_t size, const std::stop_token& stop)
    {
        check(transport::run_ssh(
            session_,
            in_folder_ + fmt::format("if [ \"$(wc -c <{0})\" -ne {1} ]; then echo it arrived "
                                     "incomplete >&2; exit 1; fi; mv -f {0} {2}",
                                     part_, size, name_),
            {.input = {}, .stop = stop}));
        done_ = true;
    }

  private:
    static std::string_view text_of(std::span<const std::byte> bytes)
    {
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
    void check(const transport::SshResult& result) const
    {
        if (!result.exit.ok())
            throw Error(Errc::failed, fmt::format("{}: {}", session_.peer(),
                                                  text::trim(result.err).empty()
                                                      ? transport::describe(result.exit)
                                                      : text::printable(text::trim(result.err))));
    }

    transport::SshSession& session_;
    const std::string in_folder_, part_, name_;
    bool done_ = false;
};

Done put(PoolView& view, const xapi::Object<xapi::Sr>& sr, const std::string& name,
         const Options& o, cli::Context& context)
{
    lab::Pool& pool = view.pool();
    if (sr.record.content_type != "iso" || sr.record.is_tools_sr)
        throw Error(Errc::precondition,
                    fmt::format("{} is no SR for images", text::quoted(sr.record.name_label)),
                    "xvm iso ls shows them");
    const Place place = place_of(view, sr);
    look_for(view, sr, name, o.replace);
    const auto source = io::open_source(o.file, context.stop);
    if (o.change.dry_run)
        return {.message = fmt::format("would write {}/{} on {}", text::printable(place.folder),
                                       name, text::printable(place.host->record.name_label))};
    const auto session = transport::connect_ssh(
        transport::parse_ssh_target(pool.ssh_destination(*place.host)),
        {.config_file = {}, .note = [&](std::string_view words) { context.note(words); }},
        context.stop);
    Upload upload(*session, place.folder, name);
    const std::uint64_t size = upload.send(*source, context);
    if (size == 0)
        throw Error(Errc::bad_data, "the image is empty");
    upload.finish(size, context.stop);
    run_task(pool, context, "SR.scan", {value(sr.ref)});
    for (const auto& vdi :
         pool.session().get_all<xapi::Vdi>(fmt::format("field \"SR\" = \"{}\"", sr.ref.str())))
        if (vdi.record.location == name)
            return {.message = fmt::format("{} through {}; {}", text::human_size(size),
                                           text::printable(place.host->record.name_label),
                                           vdi.record.uuid)};
    throw Error(Errc::failed, "the file is there, but a scan of the SR does not show it",
                "xvm sr scan tries again");
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    const std::string name = name_of(o);
    lab::Pools pools = open_pools(globals, context);
    lab::Pool& pool = pools.single();
    PoolView view(pool);
    const auto& sr = pick_one<xapi::Sr>(view, "SR", o.sr);
    Rows rows(context, "xvm.iso.put/1", o.change);
    rows.run(pool, name, sr.record.uuid, [&] { return put(view, sr, name, o, context); });
    return rows.finish();
}

} // namespace

Verb iso_put_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "iso put",
         .summary = "copy an image into an ISO SR, over SSH to a host",
         .schema = "xvm.iso.put/1",
         .formats = row_formats,
         .columns = batch_columns(),
         .progress_option = true,
         .timeout_option = true,
         .examples = {{"xvm iso put virtio.iso 'ISO library' --dry-run", "See where it would go"}},
         .completes = {"SR", "CONTEXT", "HOST"}},
        declare, run);
}

} // namespace xvm

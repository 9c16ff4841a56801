// SPDX-License-Identifier: GPL-3.0-or-later
// xva-reg: read and edit the Windows registry and boot configuration in a guest's disk.
#include "verbs.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/cli/tool.hpp>
#include <xenlab/fs/crash_guard.hpp>

namespace {

using namespace xenlab;
using xva_reg::Options;

void declare(cli::OptionSet& options, Options& o)
{
    guest::declare_source(options, o.source);
    options
        .add_choice("VERB", o.verb,
                    {"get", "keys", "export", "set", "delete", "merge", "service", "bcd"},
                    "What to do")
        .required();
    options.add_option("ARGUMENT", o.words,
                       "get KEY[\\Value], keys KEY, export KEY, set KEY\\Value=TYPE:DATA, delete "
                       "KEY[\\Value], merge FILE.reg (- for standard input), service NAME "
                       "start=WHEN, bcd debug on|off, bcd safeboot [MODE]");
    options
        .add_option("--hive", o.hive,
                    "The hive of a KEY that does not say it: system, software, sam, security, "
                    "default, bcd, or a guest path such as C:/Users/me/NTUSER.DAT")
        .type_name("HIVE");
    options.add_flag("--utf16", o.utf16, "Export as UTF-16, as regedit does (default UTF-8)");
    options.add_option("--port", o.port, "bcd debug: number of the serial port").type_name("N");
    options.add_option("--baud", o.baud, "bcd debug: speed of the serial port").type_name("N");
    guest::declare_edit_options(options, o.edit);
    guest::declare_source_options(options, o.source, true);
}

int run(const Options& o, cli::Context& context)
{
    const bool reads = o.verb == "get" || o.verb == "keys" || o.verb == "export";
    if (!reads)
        return xva_reg::write_registry(o, context);
    if (!o.edit.output.empty() || o.edit.in_place || o.edit.recover)
        throw Error(Errc::usage, "-o, --in-place and --recover belong to verbs that change");
    return xva_reg::read_registry(o, context);
}

const cli::ToolInfo info{
    .name = "xva-reg",
    .summary = "read and edit the Windows registry in a guest's disk or archive",
    .schema = "xva-reg/1",
    .formats = {cli::Format::table, cli::Format::tsv, cli::Format::json, cli::Format::jsonl},
    .columns = {"name", "type", "data"},
    .progress_option = true,
    .timeout_option = true,
    .examples = {{"xva-reg win.xva get 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\xenvbd\\Start'",
                  "When a driver is started"},
                 {"xva-reg win.xva service xenvbd start=disabled --in-place",
                  "Keep a driver from starting"},
                 {"xva-reg win.xva merge kd-on.reg -o win-kd.xva",
                  "Merge a .reg file into a copy of an archive"},
                 {"xva-reg win.xva bcd debug on --port 1 --baud 115200 --in-place",
                  "Switch kernel debugging on"}},
    .exit_codes =
        {{0},
         {1, "What was written did not read back, or the volume is full; nothing was changed."},
         {2},
         {3, "No such source, volume, hive, key or value."},
         {4, "Several could be meant."},
         {5},
         {6, "The volume or hive must not be written: hibernated, not shut down cleanly (see "
             "--recover); or the source cannot be changed in place."},
         {7, "The source, the filesystem or the hive is damaged."},
         {124},
         {130}},
};

} // namespace

int main(int argc, char** argv)
{
    fs::guard_against_crashes(info.name);
    return cli::run<Options>(argc, argv, info, declare, run);
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "report.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

namespace xva_verify {

using namespace xenlab;
using nlohmann::ordered_json;

namespace {

constexpr std::uint64_t sector = 512;

template <typename T>
ordered_json or_null(const std::optional<T>& value)
{
    return value ? ordered_json(*value) : ordered_json();
}

std::string ref_of(const xva::Report& report, const xva::Problem& problem)
{
    return problem.disk && *problem.disk < report.disks.size()
               ? report.disks[*problem.disk].disk.ref
               : std::string();
}

/// " (disk "root", bytes 0-1048575, LBA 0-2047, partition 1)"
std::string place_of(const Verdict& verdict, std::size_t i)
{
    const xva::Problem& problem = verdict.report.problems[i];
    if (!problem.disk || *problem.disk >= verdict.report.disks.size())
        return {};
    const xva::Disk& disk = verdict.report.disks[*problem.disk].disk;
    std::string place =
        fmt::format(" (disk {} {}", text::printable(disk.ref), text::quoted(disk.name));
    if (problem.offset && problem.length.value_or(0) > 0) {
        const std::uint64_t end = *problem.offset + *problem.length - 1;
        place += fmt::format(", bytes {}-{}, LBA {}-{}", *problem.offset, end,
                             *problem.offset / sector, end / sector);
    }
    if (verdict.partitions[i])
        place += fmt::format(", partition {}", *verdict.partitions[i]);
    return place + ")";
}

std::string field_words(const xva::MissingField& field)
{
    return fmt::format("{} {} {} field {}", field.class_name, text::printable(field.id),
                       field.wrong_type ? "has a wrong value in its" : "lacks the",
                       text::printable(field.field));
}

std::vector<std::string> refusals_of(const xva::Report& report)
{
    std::vector<std::string> all = report.refusals;
    if (report.is_vdi_tar)
        all.emplace_back("a tar of one VDI has no ova.xml");
    for (const xva::MissingField& field : report.metadata.missing_fields)
        all.push_back(field_words(field));
    for (const xva::Problem& problem : report.problems)
        if (problem.host_refuses)
            all.push_back(problem.message);
    return all;
}

std::uint64_t chunks_of(const xva::Report& report)
{
    std::uint64_t chunks = 0;
    for (const xva::DiskReport& disk : report.disks)
        chunks += disk.chunks;
    return chunks;
}

} // namespace

Reporter::Reporter(cli::Context& context, bool importable)
    : context_(context), importable_(importable)
{
    if (context_.shared.format == cli::Format::tsv)
        rows_.emplace(context_, std::vector<cli::Column>{{"file"},
                                                         {"verdict"},
                                                         {"kind"},
                                                         {"disk"},
                                                         {"chunk"},
                                                         {"offset"},
                                                         {"length"},
                                                         {"partition"},
                                                         {"message"}});
}

void Reporter::early(const Verdict& verdict)
{
    print(verdict);
    if (context_.shared.format != cli::Format::json)
        context_.out().flush();
    printed_ = true;
}

void Reporter::file(const Verdict& verdict)
{
    if (!printed_)
        print(verdict);
    printed_ = false;
}

void Reporter::print(const Verdict& verdict)
{
    switch (context_.shared.format) {
    case cli::Format::json:
        items_.push_back(document(verdict));
        break;
    case cli::Format::jsonl:
        context_.write_json(document(verdict));
        break;
    case cli::Format::tsv:
        print_rows(verdict);
        break;
    default:
        print_text(verdict);
        break;
    }
}

std::string Reporter::what_is_good(const Verdict& verdict) const
{
    const xva::Report& report = verdict.report;
    std::uint64_t size = 0;
    for (const xva::DiskReport& disk : report.disks)
        size += disk.disk.size_known ? disk.disk.virtual_size : disk.end;
    return fmt::format("{} disk{} of {} in {} chunk{}", report.disks.size(),
                       report.disks.size() == 1 ? "" : "s", text::human_size(size),
                       chunks_of(report), chunks_of(report) == 1 ? "" : "s");
}

void Reporter::print_text(const Verdict& verdict)
{
    const std::string file = text::printable(verdict.file);
    auto& out = context_.out();
    if (verdict.report.ok())
        out.write(fmt::format("{}: {}: {}\n", file, context_.colored("good", "32"),
                              what_is_good(verdict)));
    for (std::size_t i = 0; i < verdict.report.problems.size(); ++i)
        out.write(fmt::format("{}: {}: {}{}\n", file, context_.colored("bad", "31"),
                              verdict.report.problems[i].message, place_of(verdict, i)));
    if (verdict.report.more_problems > 0)
        out.write(
            fmt::format("{}: bad: and {} more problems\n", file, verdict.report.more_problems));
    if (!importable_)
        return;
    const auto refusals = refusals_of(verdict.report);
    if (refusals.empty())
        out.write(fmt::format("{}: {}: a host would import it\n", file,
                              context_.colored("importable", "32")));
    for (const std::string& refusal : refusals)
        out.write(
            fmt::format("{}: {}: {}\n", file, context_.colored("not importable", "31"), refusal));
}

void Reporter::print_rows(const Verdict& verdict)
{
    const xva::Report& report = verdict.report;
    const auto number = [](const std::optional<std::uint64_t>& n) {
        return n ? fmt::format("{}", *n) : std::string();
    };
    if (report.ok())
        rows_->row({verdict.file, "good", "", "", "", "", "", "", what_is_good(verdict)});
    for (std::size_t i = 0; i < report.problems.size(); ++i) {
        const xva::Problem& problem = report.problems[i];
        rows_->row({verdict.file, "bad", std::string(xva::name_of(problem.kind)),
                    ref_of(report, problem), problem.chunk, number(problem.offset),
                    number(problem.length), number(verdict.partitions[i]), problem.message});
    }
    if (importable_)
        for (const std::string& refusal : refusals_of(report))
            rows_->row({verdict.file, "not-importable", "", "", "", "", "", "", refusal});
}

ordered_json Reporter::document(const Verdict& verdict) const
{
    const xva::Report& report = verdict.report;
    ordered_json disks = ordered_json::array();
    for (const xva::DiskReport& disk : report.disks)
        disks.push_back({{"ref", disk.disk.ref},
                         {"name", disk.disk.name},
                         {"size", disk.disk.size_known ? disk.disk.virtual_size : disk.end},
                         {"chunks", disk.chunks}});
    ordered_json errors = ordered_json::array();
    for (std::size_t i = 0; i < report.problems.size(); ++i) {
        const xva::Problem& problem = report.problems[i];
        const std::string ref = ref_of(report, problem);
        errors.push_back(
            {{"kind", xva::name_of(problem.kind)},
             {"ref", ref.empty() ? ordered_json() : ordered_json(ref)},
             {"chunk", problem.chunk.empty() ? ordered_json() : ordered_json(problem.chunk)},
             {"offset", or_null(problem.offset)},
             {"length", or_null(problem.length)},
             {"partition", or_null(verdict.partitions[i])},
             {"archive_offset", problem.archive_offset},
             {"message", problem.message}});
    }
    ordered_json document{
        {"file", verdict.file}, {"ok", verdict.good()}, {"disks", disks}, {"errors", errors}};
    if (report.more_problems > 0)
        document["more_errors"] = report.more_problems;
    if (importable_) {
        document["importable"] = report.importable();
        document["refusals"] = refusals_of(report);
        ordered_json missing = ordered_json::array();
        for (const xva::MissingField& field : report.metadata.missing_fields)
            missing.push_back({{"class", field.class_name},
                               {"id", field.id},
                               {"field", field.field},
                               {"wrong_type", field.wrong_type}});
        document["missing_fields"] = missing;
    }
    return document;
}

void Reporter::failed(const std::string& file, const Error& error)
{
    context_.error(error.what());
    const ordered_json document{{"file", file},
                                {"ok", false},
                                {"error",
                                 {{"code", exit_code(error.code())},
                                  {"kind", kind_of(error.code())},
                                  {"message", error.what()}}}};
    if (context_.shared.format == cli::Format::json)
        items_.push_back(document);
    else if (context_.shared.format == cli::Format::jsonl)
        context_.write_json(document);
    else if (rows_)
        rows_->row({file, "unreadable", std::string(kind_of(error.code())), "", "", "", "", "",
                    error.what()});
}

void Reporter::finish()
{
    if (context_.shared.format == cli::Format::json)
        context_.write_json({{"schema", "xva-verify/1"}, {"items", items_}});
    if (rows_)
        rows_->finish();
}

} // namespace xva_verify

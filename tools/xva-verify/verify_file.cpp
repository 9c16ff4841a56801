// SPDX-License-Identifier: GPL-3.0-or-later
#include "verify_file.hpp"

#include "report.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/base/thread_pool.hpp>
#include <xenlab/cli/progress.hpp>
#include <xenlab/disksrc/disk_source.hpp>
#include <xenlab/io/file_source.hpp>
#include <xenlab/partition/push_scan.hpp>
#include <xenlab/tar/header.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace xva_verify {

using namespace xenlab;

namespace {

/// Learns the partition tables while the disks go by, so that damage can be given a partition.
class TableWatch {
  public:
    void disks(const xva::Metadata& metadata)
    {
        for (const xva::Disk& disk : metadata.disks)
            sizes_.push_back(disk.size_known ? std::optional(disk.virtual_size) : std::nullopt);
    }
    partition::PushScan& scan(std::size_t disk)
    {
        const auto size = disk < sizes_.size() ? sizes_[disk] : std::nullopt;
        return scans_.try_emplace(disk, size).first->second;
    }
    std::vector<std::optional<unsigned>> partitions_of(const std::vector<xva::Problem>& problems)
    {
        std::map<std::size_t, partition::Table> tables;
        for (auto& [disk, scan] : scans_)
            tables.emplace(disk, scan.finish());
        std::vector<std::optional<unsigned>> numbers;
        for (const xva::Problem& problem : problems)
            numbers.push_back(number_of(tables, problem));
        return numbers;
    }

  private:
    static std::optional<unsigned> number_of(const std::map<std::size_t, partition::Table>& tables,
                                             const xva::Problem& problem)
    {
        if (!problem.disk || !problem.offset)
            return std::nullopt;
        const auto table = tables.find(*problem.disk);
        const auto* hit = table == tables.end()
                              ? nullptr
                              : partition::find_partition(table->second, *problem.offset);
        return hit == nullptr ? std::nullopt : std::optional(hit->number);
    }

    std::vector<std::optional<std::uint64_t>> sizes_;
    std::map<std::size_t, partition::PushScan> scans_;
};

/// A copy of standard input's descriptor: when it is a pipe, it is read to its end after a verdict
/// that came early, lest a tee(1) in front of us dies and cuts off the file that is being saved.
class InputDrain {
  public:
    explicit InputDrain(const std::string& source)
    {
        struct stat input {};
        if (source == "-" && ::fstat(STDIN_FILENO, &input) == 0 && S_ISFIFO(input.st_mode))
            copy_ = io::Fd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
    }
    void drain(const std::stop_token& stop)
    {
        if (!copy_)
            return;
        io::FdSource rest(std::move(copy_), "standard input", stop);
        io::drain(rest);
    }

  private:
    io::Fd copy_;
};

/// XVA 0.1 is a folder; everything else about a folder is an error of the user.
std::optional<xva::Report> verify_folder(const std::string& source)
{
    struct stat info {};
    if (source == "-" || ::stat(source.c_str(), &info) != 0 || !S_ISDIR(info.st_mode))
        return std::nullopt;
    std::ifstream ova(source + "/ova.xml", std::ios::binary);
    std::string head(4096, '\0');
    ova.read(head.data(), static_cast<std::streamsize>(head.size()));
    head.resize(static_cast<std::size_t>(ova.gcount()));
    if (head.find("<appliance") == std::string::npos)
        throw Error(Errc::failed, fmt::format("{}: is a folder", text::printable(source)));
    xva::Report report;
    report.problems.push_back(
        {.kind = xva::ProblemKind::not_xva,
         .message =
             "an XVA version 0.1, a folder of gzip chunks as XenSource wrote them before 2007; no "
             "host of today imports it. Its chunks, gunzipped and joined, are the disk"});
    return report;
}

unsigned hash_threads(const Options& options)
{
    static constexpr unsigned most = 8; // each holds a chunk of 1 MiB
    return options.threads != 0 ? options.threads : std::min(most, ThreadPool::available_cpus());
}

} // namespace

Verdict verify_file(const std::string& source, const Options& options, const cli::Context& context,
                    Reporter& reporter)
{
    Verdict verdict{.file = source == "-" ? "-" : source, .asked_importable = options.importable};
    if (auto folder = verify_folder(source)) {
        verdict.report = std::move(*folder);
        verdict.partitions.resize(verdict.report.problems.size());
        return verdict;
    }
    InputDrain rest(source);
    TableWatch tables;
    cli::Progress progress(context, source == "-" ? "standard input" : source);
    std::uint64_t disk_bytes = 0;
    xva::VerifyEvents events;
    events.metadata = [&](const xva::Metadata& metadata) {
        tables.disks(metadata);
        disk_bytes = metadata.total_virtual_size();
    };
    events.data = [&](std::size_t disk, std::uint64_t at, std::span<const std::byte> bytes) {
        tables.scan(disk).data(at, bytes);
    };
    events.hole = [&](std::size_t disk, std::uint64_t at, std::uint64_t length) {
        tables.scan(disk).zeros(at, length);
    };
    events.progress = [&](std::uint64_t position) { progress.update(position, disk_bytes); };
    events.problem = [&](const xva::Problem&) { progress.clear(); };

    auto bytes = disksrc::open_bytes(source,
                                     {.window_limit = options.memory_limit,
                                      .timeout = context.shared.timeout,
                                      .stop = context.stop},
                                     true);
    verdict.report = xva::verify(
        std::move(bytes), {.keep_going = options.keep_going, .hash_threads = hash_threads(options)},
        events);
    progress.done();
    verdict.partitions = tables.partitions_of(verdict.report.problems);
    if (!verdict.report.ok()) {
        reporter.early(verdict);
        rest.drain(context.stop);
    }
    return verdict;
}

} // namespace xva_verify

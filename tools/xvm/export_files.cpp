// SPDX-License-Identifier: GPL-3.0-or-later
#include "export_files.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <filesystem>

namespace xvm {

namespace files = std::filesystem;

std::string file_name_for(const std::string& vm_name)
{
    static constexpr std::size_t longest = 180; // bytes, with room for what is added
    std::string name;
    for (const char c : text::is_utf8(vm_name) ? vm_name : text::printable(vm_name)) {
        const auto u = static_cast<unsigned char>(c);
        name += u < 0x20 || u == 0x7F || c == '/' || c == '\\' ? '_' : c;
    }
    if (name.size() > longest) {
        name.resize(longest);
        while (!text::is_utf8(name))
            name.pop_back();
    }
    if (name.empty() || name.front() == '.' || name.front() == '-')
        name.insert(name.begin(), '_');
    return name;
}

ExportFiles::ExportFiles(const std::string& output, const std::string& suffix,
                         const std::vector<lab::VmTarget>& vms)
{
    std::error_code error;
    const bool folder = output.ends_with('/') || files::is_directory(output, error);
    if (!folder) {
        if (vms.size() > 1)
            throw Error(Errc::usage, "several VMs need a folder", "give -o FOLDER/");
        for (const auto& vm : vms)
            paths_[vm.ref.str()] = output;
        return;
    }
    if (!files::is_directory(output, error) && !files::create_directory(output, error))
        throw Error(Errc::failed, fmt::format("{}: {}", text::printable(output), error.message()));
    std::map<std::string, int> names;
    for (const auto& vm : vms)
        ++names[file_name_for(vm.record.name_label)];
    for (const auto& vm : vms) {
        std::string name = file_name_for(vm.record.name_label);
        if (names[name] > 1)
            name += "-" + vm.record.uuid;
        paths_[vm.ref.str()] = (files::path(output) / (name + suffix)).string();
    }
}

const std::string& ExportFiles::path_of(const lab::VmTarget& vm) const
{
    return paths_.at(vm.ref.str());
}

void check_target(const std::string& path, bool overwrite)
{
    std::error_code error;
    if (!overwrite && files::is_regular_file(path, error))
        throw Error(Errc::precondition, fmt::format("{} exists already", text::printable(path)),
                    "--overwrite replaces it");
}

} // namespace xvm

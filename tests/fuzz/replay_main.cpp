// SPDX-License-Identifier: GPL-3.0-or-later
// Runs a fuzz target on the files it is given (or that lie in the folders it is given), for
// compilers without libFuzzer. A crash or an exception other than the expected ones fails the test.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::vector<std::filesystem::path> files_in(const std::filesystem::path& path)
{
    if (!std::filesystem::is_directory(path)) {
        return {path};
    }
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
        files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

} // namespace

int main(int argc, char** argv)
{
    std::size_t count = 0;
    for (int index = 1; index < argc; ++index) {
        for (const auto& path : files_in(argv[index])) {
            std::printf("%s\n", path.c_str());
            std::fflush(stdout); // so that the last line names the input that crashed
            // Of the exact size, so that a sanitizer sees a read past the end.
            std::vector<std::uint8_t> data(std::filesystem::file_size(path));
            std::ifstream stream(path, std::ios::binary);
            stream.read(reinterpret_cast<char*>(data.data()),
                        static_cast<std::streamsize>(data.size()));
            if (!stream) {
                std::printf("cannot read it\n");
                return 1;
            }
            LLVMFuzzerTestOneInput(data.data(), data.size());
            ++count;
        }
    }
    std::printf("%zu inputs\n", count);
    return count == 0 ? 1 : 0;
}

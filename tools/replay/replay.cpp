// SPDX-License-Identifier: GPL-3.0-or-later
// Replaces libFuzzer for compilers without it: runs the fuzz target once for every file of a corpus
// (files or folders as arguments). A finding aborts the program, as with libFuzzer.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

bool replay(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
    if (file.bad()) {
        std::fprintf(stderr, "replay: cannot read %s\n", path.c_str());
        return false;
    }
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    return true;
}

/// The files sorted by name, so that two runs are equal.
std::vector<fs::path> corpus_files(const fs::path& root) {
    if (!fs::is_directory(root)) {
        return {root};
    }
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
        if (entry.is_regular_file()) {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace

int main(int argc, char** argv) {
    LLVMFuzzerTestOneInput(nullptr, 0);
    std::size_t count = 0;
    bool good = true;
    for (int i = 1; i < argc; ++i) {
        for (const fs::path& path : corpus_files(argv[i])) {
            good = replay(path) && good;
            ++count;
        }
    }
    if (count == 0) {
        std::fprintf(stderr,
                     "replay: the corpus is empty. A fuzz target needs at least one seed\n");
        return 1;
    }
    std::printf("replay: %zu inputs\n", count);
    return good ? 0 : 1;
}

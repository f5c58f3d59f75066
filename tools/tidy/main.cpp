// SPDX-License-Identifier: GPL-3.0-or-later
// tidy [ROOT]: checks the tree and prints `path:line: finding`. Exit status 1 if there are
// findings.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "layers.hpp"
#include "rules.hpp"
#include "words.hpp"

namespace {

namespace fs = std::filesystem;
using octroi::tidy::Finding;
using octroi::tidy::SourceFile;

std::string read_text(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// All files of the folders with sources and documents, sorted by name.
std::vector<std::string> tree_paths(const fs::path& root) {
    std::vector<std::string> paths;
    for (const char* folder : {"src", "test", "bench", "tools", "cmake", "docs"}) {
        if (!fs::exists(root / folder)) continue;
        for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
            if (entry.is_regular_file()) {
                paths.push_back(entry.path().lexically_relative(root).string());
            }
        }
    }
    for (const char* file :
         {"dev", ".ci/run", "CMakeLists.txt", "README.md", "CONTRIBUTING.md", "LICENSE"}) {
        if (fs::exists(root / file)) paths.emplace_back(file);
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

bool is_cpp(const std::string& path) { return path.ends_with(".cpp") || path.ends_with(".hpp"); }

bool is_script(const std::string& path) {
    return path.ends_with(".cmake") || path.ends_with(".sh") || path.ends_with("CMakeLists.txt") ||
           path == "dev" || path == ".ci/run";
}

/// Text that people write and read. Output of the program (test/golden) is checked in its source.
bool has_prose(const std::string& path) {
    if (path.starts_with("test/golden/")) return false;
    return is_cpp(path) || is_script(path) || path.ends_with(".md") || path == "src/layers.txt" ||
           path == "tools/elements/generate";
}

std::vector<Finding> check_tree(const fs::path& root) {
    using namespace octroi::tidy;
    std::vector<Finding> findings;
    const Layers layers = parse_layers(read_text(root / "src/layers.txt"), findings);
    const Ratchet ratchet = Ratchet::parse(read_text(root / "tools/tidy/ratchet.txt"), findings);
    const WordList words = WordList::parse(read_text(root / "tools/tidy/words.txt"), findings);
    const std::vector<std::string> paths = tree_paths(root);
    std::vector<SourceFile> sources;
    for (const std::string& path : paths) {
        if (!has_prose(path)) continue;
        SourceFile file = parse_source(path, read_text(root / path));
        check_words(file, words, findings);
        if (path.ends_with(".md")) check_links(file, paths, findings);
        if (!is_cpp(path) && !is_script(path)) continue;
        check_licence(file, findings);
        if (!is_cpp(path)) continue;
        check_pragma_once(file, findings);
        check_columns(file, findings);
        check_banned(file, findings);
        check_lengths(file, ratchet, findings);
        check_layers(file, layers, findings);
        sources.push_back(std::move(file));
    }
    check_readmes(paths, findings);
    // main() includes the commands: without it every header would look dead.
    if (fs::exists(root / "src/app/main.cpp")) check_dead_headers(sources, findings);
    ratchet.report_unused(findings);
    return findings;
}

}  // namespace

int main(int argc, char** argv) {
    const fs::path root = argc > 1 ? argv[1] : ".";
    if (!fs::exists(root / "src/layers.txt")) {
        std::fprintf(stderr, "tidy: %s has no src/layers.txt; pass the root of the source tree\n",
                     root.c_str());
        return 2;
    }
    std::vector<Finding> findings = check_tree(root);
    std::sort(findings.begin(), findings.end());
    for (const Finding& finding : findings) {
        std::printf("%s:%zu: %s\n", finding.path.c_str(), finding.line, finding.text.c_str());
    }
    std::printf("tidy: %zu findings\n", findings.size());
    return findings.empty() ? 0 : 1;
}

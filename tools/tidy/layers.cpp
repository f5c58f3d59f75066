// SPDX-License-Identifier: GPL-3.0-or-later
#include "layers.hpp"

#include <sstream>

namespace octroi::tidy {
namespace {

constexpr std::string_view list_path = "src/layers.txt";
constexpr std::string_view apart_key = "components-apart";

/// The component of a path inside its layer: "capture" for {"meter", "capture", "x.hpp"}. Empty for
/// a file directly in the folder of the layer, which all its components share.
std::string component(const std::vector<std::string>& parts) {
    return parts.size() > 2 ? parts[1] : "";
}

bool is_double(const std::string& path) { return path.find("/testing/") != std::string::npos; }

/// A file that is not part of the program.
bool is_test(const std::string& path) {
    return path.ends_with("_test.cpp") || path.ends_with("_fuzz.cpp") || is_double(path);
}

/// Tests may use the test doubles of any component.
bool shares_double(const std::string& path, const std::string& include) {
    return is_test(path) && is_double(include);
}

std::string complaint(const SourceFile& file, const std::string& include, const Layers& layers) {
    const std::string layer = layer_of(file.path);
    const auto to = split_path(include);
    if (to.size() < 2) {
        return "write the full path of \"" + include + "\", from the layer on: \"" + layer + "/…\"";
    }
    if (to[0] == "support" || !layers.sees.contains(to[0])) return "";
    if (is_double(include) && !is_test(file.path)) {
        return "the program must not include a test double";
    }
    if (to[0] != layer) {
        return layers.sees.at(layer).contains(to[0])
                   ? ""
                   : layer + " must not include " + to[0] + " (" + std::string(list_path) + ")";
    }
    auto own = split_path(file.path);
    own.erase(own.begin());
    const std::string mine = component(own);
    const std::string theirs = component(to);
    const bool common = mine.empty() || theirs.empty() || mine == theirs;
    const auto edge = layers.sees.find(layer + "/" + mine);
    const bool declared = edge != layers.sees.end() && edge->second.contains(layer + "/" + theirs);
    if (layers.apart.contains(layer) && !common && !declared &&
        !shares_double(file.path, include)) {
        return layer + "/" + mine + " must not include " + layer + "/" + theirs +
               ": components are independent; move shared code to " + layer +
               "/, or declare the edge in " + std::string(list_path);
    }
    return "";
}

}  // namespace

Layers parse_layers(std::string_view text, std::vector<Finding>& findings) {
    Layers layers;
    std::istringstream in{std::string(text)};
    std::string line;
    for (std::size_t number = 1; std::getline(in, line); ++number) {
        if (line.empty() || line[0] == '#') continue;
        const std::size_t colon = line.find(':');
        if (colon == std::string::npos) {
            findings.push_back({std::string(list_path), number, "expected `layer: dep dep`"});
            continue;
        }
        const std::string key = line.substr(0, colon);
        std::istringstream words(line.substr(colon + 1));
        std::set<std::string>& names = key == apart_key ? layers.apart : layers.sees[key];
        for (std::string name; words >> name;) {
            names.insert(name);
            const bool component = name.find('/') != std::string::npos;
            if (key != apart_key && !component && !layers.sees.contains(name)) {
                findings.push_back(
                    {std::string(list_path), number, name + " is not declared above"});
            }
        }
    }
    return layers;
}

void check_layers(const SourceFile& file, const Layers& layers, std::vector<Finding>& findings) {
    const std::string layer = layer_of(file.path);
    if (layer.empty()) return;
    if (!layers.sees.contains(layer)) {
        findings.push_back({file.path, 0, layer + " is not a layer of " + std::string(list_path)});
        return;
    }
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        const std::string include = quoted_include(file.lines[i]);
        if (include.empty()) continue;
        if (const std::string text = complaint(file, include, layers); !text.empty()) {
            findings.push_back({file.path, i + 1, text});
        }
    }
}

}  // namespace octroi::tidy

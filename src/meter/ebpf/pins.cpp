// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/ebpf/pins.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>

#include "host/ebpf/maps.hpp"
#include "host/ebpf/pin_usage.hpp"
#include "host/network_namespace.hpp"
#include "meter/ebpf/layout.h"

namespace octroi::ebpf {
namespace {

constexpr std::array<std::string_view, 2> older_layouts{"v1", "v2"};

// Layouts with the namespace in the name, before this one.
constexpr std::array<std::string_view, 2> older_layouts_by_namespace{"v3", "v4"};

Result<std::string> folder_of(const MeterConfig& meter, std::string_view kind_suffix,
                              std::string_view layout) {
    TRY_ASSIGN(std::string space, network_namespace());
    std::ranges::replace(space, ' ', '-');
    return fmt::format("octroi/{}{}-{}-{}", meter.name, kind_suffix, space, layout);
}

Result<std::vector<std::string>> older_folders(const MeterConfig& meter,
                                               std::string_view kind_suffix) {
    std::vector<std::string> folders;
    for (const std::string_view layout : older_layouts)
        folders.push_back(fmt::format("octroi/{}{}-{}", meter.name, kind_suffix, layout));
    for (const std::string_view layout : older_layouts_by_namespace) {
        TRY_ASSIGN(std::string folder, folder_of(meter, kind_suffix, layout));
        folders.push_back(std::move(folder));
    }
    return folders;
}

// Of the name of a folder of that meter: "edge-netns-1a-v5"; none: it is another one.
std::optional<std::uint64_t> cookie_of(std::string_view folder, const std::string& meter) {
    const std::string prefix = meter + "-netns-";
    if (!folder.starts_with(prefix)) return std::nullopt;
    const std::string_view rest = folder.substr(prefix.size());
    std::uint64_t cookie = 0;
    const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), cookie, 16);
    const std::string_view layout(read.ptr, rest.data() + rest.size());
    const bool is_layout = layout.size() > 2 && layout.starts_with("-v") &&
                           layout.find_first_not_of("0123456789", 2) == layout.npos;
    if (read.ec != std::errc() || !is_layout) return std::nullopt;
    return cookie;
}

// Those of the meter in namespaces that no process is in, if nothing counts there: nobody can read
// the counts, because a namespace that is made again has another cookie.
Status remove_of_gone_namespaces(const MeterConfig& meter, std::string_view kind_suffix,
                                 std::vector<std::string>& removed) {
    const std::string parent = meter.options.text("bpffs") + "/octroi";
    std::set<std::string> folders;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(parent, error))
        folders.insert(entry.path().filename().string());
    const auto existing =
        folders.empty() ? std::set<std::uint64_t>() : existing_network_namespaces();
    for (const std::string& folder : folders) {
        const auto cookie = cookie_of(folder, meter.name + std::string(kind_suffix));
        if (!cookie || existing.contains(*cookie)) continue;
        const std::string path = parent + "/" + folder;
        TRY_ASSIGN(const bool is_removed, remove_unused_pins(path));
        if (is_removed)
            removed.push_back(
                fmt::format("pinned maps in {}, of a network namespace that is gone", path));
    }
    return {};
}

}  // namespace

Result<std::string> pin_folder(const MeterConfig& meter, std::string_view kind_suffix) {
    return folder_of(meter, kind_suffix, OCTROI_LAYOUT);
}

Status check_older_pins(const MeterConfig& meter, std::string_view kind_suffix) {
    const std::string bpffs = meter.options.text("bpffs");
    TRY_ASSIGN(const auto folders, older_folders(meter, kind_suffix));
    for (const std::string& folder : folders)
        if (has_ebpf_maps(bpffs, folder))
            return fail(ErrorCode::failed,
                        fmt::format("meter {}: programs of an older octroi count in {}/{}, in "
                                    "another form: packets would count twice. Next: stop octroi "
                                    "with that version, which reads them a last time; then octroi "
                                    "run --detach-kernel --drop-counts",
                                    meter.name, bpffs, folder));
    return {};
}

bool is_pinned(const MeterConfig& meter, std::string_view kind_suffix) {
    const auto folder = pin_folder(meter, kind_suffix);
    return folder && has_ebpf_maps(meter.options.text("bpffs"), *folder);
}

Result<std::vector<std::string>> detach_pinned(const MeterConfig& meter,
                                               std::string_view kind_suffix) {
    TRY(check_older_pins(meter, kind_suffix));
    TRY_ASSIGN(const std::string folder, pin_folder(meter, kind_suffix));
    return detach_ebpf(meter.options.text("bpffs"), folder);
}

Result<std::vector<std::string>> remove_pinned(const MeterConfig& meter,
                                               std::string_view kind_suffix) {
    const std::string bpffs = meter.options.text("bpffs");
    TRY_ASSIGN(const std::string folder, pin_folder(meter, kind_suffix));
    TRY_ASSIGN(std::vector<std::string> removed, remove_ebpf(bpffs, folder));
    TRY_ASSIGN(const auto folders, older_folders(meter, kind_suffix));
    for (const std::string& older : folders) {
        TRY_ASSIGN(const auto more, remove_ebpf(bpffs, older));
        removed.insert(removed.end(), more.begin(), more.end());
    }
    TRY(remove_of_gone_namespaces(meter, kind_suffix, removed));
    return removed;
}

}  // namespace octroi::ebpf

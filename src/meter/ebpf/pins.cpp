// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/ebpf/pins.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "host/ebpf/maps.hpp"
#include "host/network_namespace.hpp"
#include "meter/ebpf/layout.h"

namespace octroi::ebpf {
namespace {

constexpr std::array<std::string_view, 2> older_layouts{"v1", "v2"};

// Those did not have the namespace in the name.
std::string older_folder(const MeterConfig& meter, std::string_view kind_suffix,
                         std::string_view layout) {
    return fmt::format("octroi/{}{}-{}", meter.name, kind_suffix, layout);
}

}  // namespace

Result<std::string> pin_folder(const MeterConfig& meter, std::string_view kind_suffix) {
    TRY_ASSIGN(std::string space, network_namespace());
    std::ranges::replace(space, ' ', '-');
    return fmt::format("octroi/{}{}-{}-{}", meter.name, kind_suffix, space, OCTROI_LAYOUT);
}

Status check_older_pins(const MeterConfig& meter, std::string_view kind_suffix) {
    const std::string bpffs = meter.options.text("bpffs");
    for (const std::string_view layout : older_layouts) {
        const std::string folder = older_folder(meter, kind_suffix, layout);
        if (has_ebpf_maps(bpffs, folder))
            return fail(ErrorCode::failed,
                        fmt::format("meter {}: programs of an older octroi count in {}/{}, in "
                                    "another form: packets would count twice. Next: stop octroi "
                                    "with that version, which reads them a last time; then octroi "
                                    "run --detach-kernel --drop-counts",
                                    meter.name, bpffs, folder));
    }
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
    for (const std::string_view layout : older_layouts) {
        TRY_ASSIGN(const auto older, remove_ebpf(bpffs, older_folder(meter, kind_suffix, layout)));
        removed.insert(removed.end(), older.begin(), older.end());
    }
    return removed;
}

}  // namespace octroi::ebpf

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The numbers of classes and services in the kernel. A number never gets another text while the
// maps exist, so that counts of before a change of the tables keep their meaning.

#include <cstdint>
#include <map>
#include <string>

#include "base/result.hpp"
#include "host/ebpf/maps.hpp"

namespace octroi::ebpf {

class Labels {
public:
    // Reads those that an earlier process added. The maps must outlive it.
    [[nodiscard]] static Result<Labels> open(EbpfMaps& maps);

    // Adds the text if it is new. 0: there are too many, or the text is too long.
    [[nodiscard]] Result<std::uint16_t> number(const std::string& text);
    // "": none.
    [[nodiscard]] std::string text(std::uint16_t number) const;
    // Texts that got no number, in all.
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

private:
    explicit Labels(EbpfMaps& maps) : maps_(&maps) {}

    EbpfMaps* maps_;
    std::map<std::string, std::uint16_t, std::less<>> numbers_;
    std::map<std::uint16_t, std::string> texts_;
    std::uint64_t refused_ = 0;
};

}  // namespace octroi::ebpf

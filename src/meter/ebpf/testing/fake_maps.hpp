// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The maps of the kernel for tests of the eBPF meter: counts that the test sets.

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/ebpf/maps.hpp"
#include "meter/ebpf/layout.h"

namespace octroi::ebpf::testing {

// What stays in the kernel when the meter ends.
struct FakeKernel {
    using Counts = std::map<std::string, EbpfCount>;  // by the octets of the key
    std::map<std::uint32_t, Counts> maps;
    EbpfMaps::Counting ids{.now = 0, .before = 0, .arrays = 7};
    std::uint32_t next_id = 10;
    std::vector<EbpfCount> others = std::vector<EbpfCount>(OCTROI_OTHERS);
    std::map<std::uint32_t, std::string> labels;
    std::map<std::string, std::vector<std::uint32_t>> arrays;
    std::map<std::string, std::vector<std::uint32_t>> tries;
    octroi_settings settings{};
    std::vector<EbpfInterface> interfaces;
    std::map<std::uint32_t, std::string> interface_names;
    std::vector<EbpfAttachment> attached;
    std::pair<std::string, std::string> at_sockets;
    std::map<std::uint64_t, std::string> control_groups;
    int settings_set = 0;        // times
    bool has_no_memory = false;  // for tables
    std::set<int> refused;       // interfaces where programs cannot be attached
    std::set<int> reattached;    // what the next attach() reports
    bool were_sockets_away = false;

    void count(const octroi_key& key, std::uint64_t bytes, std::uint64_t packets) {
        std::string octets(sizeof key, '\0');
        std::memcpy(octets.data(), &key, sizeof key);
        EbpfCount& value = maps[ids.now][octets];
        value.bytes += bytes;
        value.packets += packets;
    }
};

class FakeMaps final : public EbpfMaps {
public:
    explicit FakeMaps(FakeKernel& kernel) : kernel_(&kernel) {}

    Status set_array(const std::string& slot, std::span<const std::uint32_t> values) override {
        if (kernel_->has_no_memory) return fail(ErrorCode::no_space, "no memory");
        kernel_->arrays[slot].assign(values.begin(), values.end());
        return {};
    }
    Status set_trie(const std::string& slot, std::span<const std::byte> /*keys*/,
                    std::span<const std::uint32_t> values) override {
        kernel_->tries[slot].assign(values.begin(), values.end());
        return {};
    }
    Status set_settings(std::span<const std::byte> value) override {
        std::memcpy(&kernel_->settings, value.data(), sizeof kernel_->settings);
        ++kernel_->settings_set;
        return {};
    }
    Result<Counting> counting() override { return kernel_->ids; }
    Status count_in_new_map(std::uint32_t /*keys_max*/) override {
        kernel_->ids.before = kernel_->ids.now;
        kernel_->ids.now = kernel_->next_id++;
        kernel_->maps[kernel_->ids.now];
        return {};
    }
    Status drop_map_before() override {
        kernel_->maps.erase(kernel_->ids.before);
        kernel_->ids.before = 0;
        return {};
    }
    Result<EbpfRows> read(std::uint32_t map_id) override {
        EbpfRows rows;
        rows.key_octets = sizeof(octroi_key);
        for (const auto& [key, count] : kernel_->maps[map_id]) {
            const auto octets = std::as_bytes(std::span(key));
            rows.keys.insert(rows.keys.end(), octets.begin(), octets.end());
            rows.counts.push_back(count);
        }
        return rows;
    }
    Result<std::vector<EbpfCount>> read_others() override { return kernel_->others; }
    Result<std::map<std::uint32_t, std::string>> labels() override { return kernel_->labels; }
    Status add_label(std::uint32_t number, const std::string& text) override {
        kernel_->labels[number] = text;
        return {};
    }
    Status set_interfaces(std::span<const EbpfInterface> present) override {
        kernel_->interfaces.assign(present.begin(), present.end());
        for (const EbpfInterface& i : present) {
            const bool is_known =
                std::ranges::any_of(kernel_->interface_names,
                                    [&](const auto& known) { return known.second == i.name; });
            if (!is_known)
                kernel_->interface_names.emplace(kernel_->interface_names.size() + 1, i.name);
        }
        return {};
    }
    Result<std::map<std::uint32_t, std::string>> interface_names() override {
        return kernel_->interface_names;
    }
    Result<EbpfAttachOutcome> attach(std::span<const EbpfAttachment> wanted) override {
        EbpfAttachOutcome outcome;
        kernel_->attached.clear();
        for (const EbpfAttachment& one : wanted)
            if (kernel_->refused.contains(one.interface))
                outcome.failed.push_back({one.interface, {ErrorCode::failed, "refused"}});
            else
                kernel_->attached.push_back(one);
        outcome.reattached.assign(kernel_->reattached.begin(), kernel_->reattached.end());
        kernel_->reattached.clear();
        return outcome;
    }
    Result<bool> attach_to_sockets(const std::string& receive, const std::string& send) override {
        kernel_->at_sockets = {receive, send};
        return std::exchange(kernel_->were_sockets_away, false);
    }
    Result<std::map<std::uint64_t, std::string>> control_groups() override {
        return kernel_->control_groups;
    }

private:
    FakeKernel* kernel_;
};

}  // namespace octroi::ebpf::testing

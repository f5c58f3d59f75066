// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/ebpf/maps.hpp"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/narrow.hpp"
#include "host/ebpf/attachments.hpp"
#include "host/ebpf/bpffs.hpp"
#include "host/ebpf/control_groups.hpp"
#include "host/ebpf/count_maps.hpp"
#include "host/ebpf/interface_table.hpp"
#include "host/ebpf/map_access.hpp"
#include "host/file.hpp"
#include "host/os_error.hpp"

namespace octroi {
namespace {

constexpr std::uint32_t block_octets = 64;  // of an array of entries
constexpr std::size_t label_octets = 256;

struct ObjectCloser {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
};

// What libbpf reported last; the verifier's reason is in it.
std::string& libbpf_report() {
    thread_local std::string text;
    return text;
}

int keep_report(libbpf_print_level level, const char* format, va_list arguments) {
    if (level != LIBBPF_WARN) return 0;
    std::array<char, 512> line{};
    std::vsnprintf(line.data(), line.size(), format, arguments);
    std::string text = line.data();
    while (!text.empty() && text.back() == '\n') text.pop_back();
    if (!text.empty()) libbpf_report() = std::move(text);
    return 0;
}

std::unexpected<Error> bpf_failure(int error, const std::string& what) {
    errno = error < 0 ? -error : error;
    return os_failure(what);
}

class KernelMaps final : public EbpfMaps {
public:
    KernelMaps(Fd lock, std::unique_ptr<bpf_object, ObjectCloser> object,
               EbpfAttachments attachments, CountMapsLayout layout)
        : lock_(std::move(lock)),
          object_(std::move(object)),
          attachments_(std::move(attachments)),
          counting_(layout),
          processors_(static_cast<std::size_t>(std::max(libbpf_num_possible_cpus(), 1))) {}

    Status set_array(const std::string& slot, std::span<const std::uint32_t> values) override {
        bpf_map_create_opts options{};
        options.sz = sizeof options;
        options.map_flags = BPF_F_INNER_MAP | BPF_F_MMAPABLE;
        const auto blocks =
            narrow<std::uint32_t>((values.size_bytes() + block_octets - 1) / block_octets);
        const Fd map(bpf_map_create(BPF_MAP_TYPE_ARRAY, "octroi_array", sizeof(std::uint32_t),
                                    block_octets, blocks, &options));
        if (map.get() < 0) return os_failure("create a table in the kernel");
        const auto mapped = MappedArray::map(map.get(), std::size_t{blocks} * block_octets, true);
        if (!mapped) return std::unexpected(mapped.error());
        std::ranges::copy(std::as_bytes(values), mapped->octets().begin());
        return put_inner_map(fd_of(slot), 0, map.get());
    }

    Status set_trie(const std::string& slot, std::span<const std::byte> keys,
                    std::span<const std::uint32_t> values) override {
        bpf_map_create_opts options{};
        options.sz = sizeof options;
        options.map_flags = BPF_F_NO_PREALLOC;
        const std::uint32_t count = narrow<std::uint32_t>(values.size());
        const std::uint32_t key_octets =
            count == 0 ? 20 : narrow<std::uint32_t>(keys.size()) / count;
        const Fd map(bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, "octroi_trie", key_octets,
                                    sizeof(std::uint32_t), std::max(count, 1U), &options));
        if (map.get() < 0) return os_failure("create a table in the kernel");
        for (std::uint32_t i = 0; i < count; ++i)
            if (bpf_map_update_elem(map.get(), keys.data() + std::size_t{i} * key_octets,
                                    &values[i], BPF_ANY) != 0)
                return os_failure("fill a table in the kernel");
        return put_inner_map(fd_of(slot), 0, map.get());
    }

    Status set_settings(std::span<const std::byte> settings) override {
        return counting_.set_settings(settings);
    }

    Result<Counting> counting() override {
        const auto ids = counting_.ids();
        if (!ids) return std::unexpected(ids.error());
        const auto info = info_of_map(fd_of("others"));
        if (!info) return std::unexpected(info.error());
        return Counting{.now = ids->first, .before = ids->second, .arrays = info->id};
    }

    Status count_in_new_map(std::uint32_t keys_max) override {
        return counting_.count_in_new_map(keys_max);
    }
    Status drop_map_before() override { return counting_.drop_map_before(); }
    Result<EbpfRows> read(std::uint32_t map_id) override { return counting_.read(map_id); }

    Result<std::vector<EbpfCount>> read_others() override {
        const int map = fd_of("others");
        const auto info = info_of_map(map);
        if (!info) return std::unexpected(info.error());
        std::vector<EbpfCount> sums;
        std::vector<EbpfCount> values(processors_);
        for (std::uint32_t i = 0; i < info->max_entries; ++i) {
            if (bpf_map_lookup_elem(map, &i, values.data()) != 0)
                return os_failure("read the map others");
            sums.push_back(sum(values));
        }
        return sums;
    }

    Result<std::map<std::uint32_t, std::string>> labels() override {
        std::map<std::uint32_t, std::string> all;
        std::uint32_t key = 0;
        const std::uint32_t* before = nullptr;
        for (std::uint32_t next = 0; bpf_map_get_next_key(fd_of("labels"), before, &next) == 0;) {
            std::array<char, label_octets + 1> text{};
            key = next;
            before = &key;
            if (bpf_map_lookup_elem(fd_of("labels"), &key, text.data()) == 0)
                all.emplace(key, text.data());
        }
        return all;
    }

    Status add_label(std::uint32_t number, const std::string& text) override {
        std::array<char, label_octets> padded{};
        std::copy_n(text.data(), std::min(text.size(), label_octets - 1), padded.data());
        if (bpf_map_update_elem(fd_of("labels"), &number, padded.data(), BPF_ANY) != 0)
            return os_failure("add a label to the kernel");
        return {};
    }

    Status set_interfaces(std::span<const EbpfInterface> present) override {
        bool is_changed = false;
        const Status put =
            put_interfaces(fd_of("interface_table"), fd_of("interface_names"), present, is_changed);
        if (is_changed)
            if (Status dropped = counting_.drop_decisions(); !dropped) return dropped;
        return put;
    }
    Result<std::map<std::uint32_t, std::string>> interface_names() override {
        return octroi::interface_names(fd_of("interface_names"));
    }

    Result<EbpfAttachOutcome> attach(std::span<const EbpfAttachment> wanted) override {
        return attachments_.attach(wanted, fd_of("interfaces"),
                                   [&](const std::string& name) { return program(name); });
    }

    Result<bool> attach_to_sockets(const std::string& receive, const std::string& send) override {
        return attachments_.attach_to_sockets(program(receive), program(send), fd_of("interfaces"));
    }

    Result<std::map<std::uint64_t, std::string>> control_groups() override {
        return octroi::control_groups();
    }

private:
    [[nodiscard]] int program(const std::string& name) const {
        const bpf_program* found = bpf_object__find_program_by_name(object_.get(), name.c_str());
        return found == nullptr ? -1 : bpf_program__fd(found);
    }
    [[nodiscard]] int fd_of(const std::string& map) const {
        return bpf_object__find_map_fd_by_name(object_.get(), map.c_str());
    }
    [[nodiscard]] static EbpfCount sum(std::span<const EbpfCount> values) {
        EbpfCount total;
        for (const EbpfCount& value : values) {
            total.bytes += value.bytes;
            total.packets += value.packets;
        }
        return total;
    }

    Fd lock_;  // of the folder of pins
    std::unique_ptr<bpf_object, ObjectCloser> object_;
    EbpfAttachments attachments_;
    EbpfCountMaps counting_;
    std::size_t processors_;
};

std::unexpected<Error> load_failure(int error, const std::string& folder) {
    const std::string why = libbpf_report().empty() ? "" : " (" + libbpf_report() + ")";
    if (error == -EPERM || error == -EACCES)
        return fail(
            ErrorCode::permission,
            fmt::format("cannot load programs into the kernel{}: it needs root, or CAP_BPF, "
                        "CAP_NET_ADMIN, CAP_PERFMON and CAP_SYS_ADMIN; next: start octroi "
                        "as root, or use a meter of kind capture",
                        why));
    if (error == -EINVAL && why.find("reuse") != std::string::npos)
        return fail(ErrorCode::failed,
                    fmt::format("the maps pinned in {} are of another version{}; next: octroi run "
                                "--detach-kernel, then start again",
                                folder, why));
    auto failure = bpf_failure(error, "load programs into the kernel");
    failure.error().text += why + "; next: use a meter of kind capture on this kernel";
    return failure;
}

// Sets where maps are pinned. Returns the sizes that the object states.
CountMapsLayout prepare_maps(bpf_object& object, const std::string& folder) {
    CountMapsLayout layout;
    layout.processors = static_cast<std::uint32_t>(std::max(libbpf_num_possible_cpus(), 1));
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, &object) {
        const std::string name = bpf_map__name(map);
        if (name.find('.') != std::string::npos) continue;  // sections of the object: .rodata
        bpf_map__set_pin_path(map, (folder + "/" + name).c_str());
        const bpf_map* inner = bpf_map__inner_map(map);
        if (name == "keys") layout.key_octets = bpf_map__key_size(inner);
        if (name == "states") layout.state_octets = bpf_map__value_size(inner);
    }
    return layout;
}

// Memory may be short for a moment: the kernel does not wait for it in programs.
constexpr int prepare_tries_max = 50;
constexpr int prepare_wait_milliseconds = 20;

Status run_once(bpf_object& object, const std::string& name) {
    const bpf_program* program = bpf_object__find_program_by_name(&object, name.c_str());
    std::array<std::byte, 64> frame{};  // the kernel wants one
    for (int i = 0; i < prepare_tries_max; ++i) {
        bpf_test_run_opts run{};
        run.sz = sizeof run;
        run.data_in = frame.data();
        run.data_size_in = frame.size();
        if (program == nullptr || bpf_prog_test_run_opts(bpf_program__fd(program), &run) != 0)
            return os_failure("run the program " + name + " in the kernel");
        const int outcome = static_cast<int>(run.retval);
        if (outcome == 0) return {};
        if (outcome != -ENOMEM) return bpf_failure(outcome, "prepare the programs in the kernel");
        (void)::poll(nullptr, 0, prepare_wait_milliseconds);
    }
    return bpf_failure(-ENOMEM, "prepare the programs in the kernel");
}

}  // namespace

Result<std::unique_ptr<EbpfMaps>> open_ebpf(const EbpfOptions& options) {
    if (Status mounted = mount_bpffs(options.bpffs); !mounted)
        return std::unexpected(mounted.error());
    const std::string folder = options.bpffs + "/" + options.folder;
    if (Status made = make_pin_folder(options.bpffs, options.folder); !made)
        return std::unexpected(made.error());
    auto lock = lock_pin_folder(folder);
    if (!lock) return std::unexpected(lock.error());
    libbpf_set_print(keep_report);
    libbpf_report().clear();
    std::unique_ptr<bpf_object, ObjectCloser> object(
        bpf_object__open_mem(options.object.data(), options.object.size(), nullptr));
    if (!object) return load_failure(-errno, folder);
    CountMapsLayout layout = prepare_maps(*object, folder);
    const auto states = new_states(layout);  // an example of the inner maps
    if (!states) return std::unexpected(states.error());
    (void)bpf_map__set_inner_map_fd(bpf_object__find_map_by_name(object.get(), "states"),
                                    states->get());
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object.get()) {
        bpf_program__set_autoload(program,
                                  std::ranges::find(options.programs, bpf_program__name(program)) !=
                                      options.programs.end());
    }
    if (const int outcome = bpf_object__load(object.get()); outcome != 0)
        return load_failure(outcome, folder);
    if (!options.prepare.empty())
        if (Status prepared = run_once(*object, options.prepare); !prepared)
            return std::unexpected(prepared.error());
    for (const auto& [fd, name] :
         {std::pair{&layout.keys, "keys"}, {&layout.counts, "counts"}, {&layout.states, "states"}})
        *fd = bpf_object__find_map_fd_by_name(object.get(), name);
    return std::make_unique<KernelMaps>(*std::move(lock), std::move(object),
                                        EbpfAttachments(folder), layout);
}

bool kernel_has_function(const std::string& name, const std::string& module) {
    libbpf_set_print(keep_report);
    btf* kernel = btf__load_vmlinux_btf();
    if (kernel == nullptr) return false;
    bool found = btf__find_by_name_kind(kernel, name.c_str(), BTF_KIND_FUNC) > 0;
    if (!found) {
        btf* of_module = btf__load_module_btf(module.c_str(), kernel);
        found = of_module != nullptr &&
                btf__find_by_name_kind(of_module, name.c_str(), BTF_KIND_FUNC) > 0;
        btf__free(of_module);
    }
    btf__free(kernel);
    return found;
}

}  // namespace octroi

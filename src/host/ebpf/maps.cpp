// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/ebpf/maps.hpp"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/narrow.hpp"
#include "host/ebpf/attachments.hpp"
#include "host/ebpf/bpffs.hpp"
#include "host/file.hpp"
#include "host/os_error.hpp"

namespace octroi {
namespace {

constexpr std::uint32_t block_octets = 64;  // of an array of entries
constexpr std::uint32_t batch_rows = 4096;
constexpr std::uint32_t tries_of_a_batch_max = 8;
constexpr std::size_t label_octets = 256;
constexpr std::uint32_t slot_now = 0;
constexpr std::uint32_t slot_before = 1;

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

Result<Fd> inner_map(int outer, std::uint32_t slot) {
    std::uint32_t id = 0;
    if (bpf_map_lookup_elem(outer, &slot, &id) != 0) return os_failure("read a map of maps");
    const int fd = bpf_map_get_fd_by_id(id);
    if (fd < 0) return os_failure("open a map of the kernel");
    return Fd(fd);
}

Result<bpf_map_info> info_of(int map) {
    bpf_map_info info{};
    std::uint32_t size = sizeof info;
    if (bpf_obj_get_info_by_fd(map, &info, &size) != 0) return os_failure("examine a map");
    return info;
}

class KernelMaps final : public EbpfMaps {
public:
    KernelMaps(std::unique_ptr<bpf_object, ObjectCloser> object, EbpfAttachments attachments,
               std::uint32_t key_octets)
        : object_(std::move(object)),
          attachments_(std::move(attachments)),
          key_octets_(key_octets),
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
        const std::size_t octets = std::size_t{blocks} * block_octets;
        void* at = ::mmap(nullptr, octets, PROT_READ | PROT_WRITE, MAP_SHARED, map.get(), 0);
        if (at == MAP_FAILED) return os_failure("map a table of the kernel");
        std::memcpy(at, values.data(), values.size_bytes());
        ::munmap(at, octets);
        return put(slot, 0, map.get());
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
        return put(slot, 0, map.get());
    }

    Status set_value(const std::string& map, std::span<const std::byte> value) override {
        const std::uint32_t zero = 0;
        if (bpf_map_update_elem(fd_of(map), &zero, value.data(), BPF_ANY) != 0)
            return os_failure("set the map " + map);
        return {};
    }

    Result<Counting> counting() override {
        Counting ids;
        for (const auto& [slot, id] : {std::pair{slot_now, &ids.now}, {slot_before, &ids.before}})
            if (bpf_map_lookup_elem(fd_of("counts"), &slot, id) != 0 && errno != ENOENT)
                return os_failure("read the map counts");
        const auto info = info_of(fd_of("others"));
        if (!info) return std::unexpected(info.error());
        ids.arrays = info->id;
        return ids;
    }

    // First `before`, then `now`: a kill between the two loses no map.
    Status count_in_new_map(std::uint32_t keys_max) override {
        const auto ids = counting();
        if (!ids) return std::unexpected(ids.error());
        if (ids->now != 0) {
            const auto now = inner_map(fd_of("counts"), slot_now);
            if (!now) return std::unexpected(now.error());
            if (Status kept = put("counts", slot_before, now->get()); !kept) return kept;
        }
        bpf_map_create_opts options{};
        options.sz = sizeof options;
        options.map_flags = BPF_F_NO_PREALLOC;
        const Fd map(bpf_map_create(BPF_MAP_TYPE_HASH, "octroi_counts", key_octets_,
                                    sizeof(EbpfCount), keys_max, &options));
        if (map.get() < 0) return os_failure("create a map of counts");
        return put("counts", slot_now, map.get());
    }

    Status drop_map_before() override {
        if (bpf_map_delete_elem(fd_of("counts"), &slot_before) != 0 && errno != ENOENT)
            return os_failure("drop a map of counts");
        return {};
    }

    Result<EbpfRows> read(std::uint32_t map_id) override {
        const Fd map(bpf_map_get_fd_by_id(map_id));
        if (map.get() < 0) return os_failure("open a map of counts");
        EbpfRows rows;
        rows.key_octets = key_octets_;
        std::uint32_t token = 0;
        std::uint32_t capacity = batch_rows;
        std::vector<std::byte> keys;
        std::vector<EbpfCount> values;
        void* in = nullptr;
        for (std::uint32_t tries = 0;;) {
            keys.resize(std::size_t{capacity} * key_octets_);
            values.resize(capacity);
            std::uint32_t count = capacity;
            const int outcome = bpf_map_lookup_batch(map.get(), in, &token, keys.data(),
                                                     values.data(), &count, nullptr);
            const int error = outcome == 0 ? 0 : errno;
            if (error == ENOSPC && ++tries < tries_of_a_batch_max) {  // more rows in one bucket
                capacity *= 2;
                continue;
            }
            if (error != 0 && error != ENOENT) return bpf_failure(error, "read a map of counts");
            add_rows(rows, keys, values, count);
            if (error == ENOENT) return rows;
            in = &token;
        }
    }

    Result<std::vector<EbpfCount>> read_others() override {
        const int map = fd_of("others");
        const auto info = info_of(map);
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

    Status attach(std::span<const EbpfAttachment> wanted) override {
        return attachments_.attach(wanted, fd_of("interfaces"), [&](const std::string& name) {
            const bpf_program* program =
                bpf_object__find_program_by_name(object_.get(), name.c_str());
            return program == nullptr ? -1 : bpf_program__fd(program);
        });
    }

private:
    [[nodiscard]] int fd_of(const std::string& map) const {
        return bpf_object__find_map_fd_by_name(object_.get(), map.c_str());
    }
    // When this returns, no program uses the map that was there: the kernel waits for them.
    [[nodiscard]] Status put(const std::string& outer, std::uint32_t slot, int map) const {
        const auto inner = static_cast<std::uint32_t>(map);
        if (bpf_map_update_elem(fd_of(outer), &slot, &inner, BPF_ANY) != 0)
            return os_failure("put a table into the map " + outer);
        return {};
    }
    [[nodiscard]] static EbpfCount sum(std::span<const EbpfCount> values) {
        EbpfCount total;
        for (const EbpfCount& value : values) {
            total.bytes += value.bytes;
            total.packets += value.packets;
        }
        return total;
    }
    void add_rows(EbpfRows& rows, const std::vector<std::byte>& keys,
                  const std::vector<EbpfCount>& values, std::uint32_t count) const {
        rows.keys.insert(
            rows.keys.end(), keys.begin(),
            keys.begin() + static_cast<std::ptrdiff_t>(std::size_t{count} * key_octets_));
        rows.counts.insert(rows.counts.end(), values.begin(), values.begin() + count);
    }

    std::unique_ptr<bpf_object, ObjectCloser> object_;
    EbpfAttachments attachments_;
    std::uint32_t key_octets_;
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

}  // namespace

Result<std::unique_ptr<EbpfMaps>> open_ebpf(const EbpfOptions& options) {
    if (Status mounted = mount_bpffs(options.bpffs); !mounted)
        return std::unexpected(mounted.error());
    const std::string folder = options.bpffs + "/" + options.folder;
    if (Status made = make_pin_folder(options.bpffs, options.folder); !made)
        return std::unexpected(made.error());
    libbpf_set_print(keep_report);
    libbpf_report().clear();
    std::unique_ptr<bpf_object, ObjectCloser> object(
        bpf_object__open_mem(options.object.data(), options.object.size(), nullptr));
    if (!object) return load_failure(-errno, folder);
    bpf_map* map = nullptr;
    std::uint32_t key_octets = 0;
    bpf_object__for_each_map(map, object.get()) {
        const std::string name = bpf_map__name(map);
        if (name.find('.') != std::string::npos) continue;  // sections of the object: .rodata
        bpf_map__set_pin_path(map, (folder + "/" + name).c_str());
        if (name == "counts") key_octets = bpf_map__key_size(bpf_map__inner_map(map));
    }
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object.get()) {
        bpf_program__set_autoload(program,
                                  std::ranges::find(options.programs, bpf_program__name(program)) !=
                                      options.programs.end());
    }
    if (const int outcome = bpf_object__load(object.get()); outcome != 0)
        return load_failure(outcome, folder);
    return std::make_unique<KernelMaps>(std::move(object), EbpfAttachments(folder), key_octets);
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

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// nf_tables of this network namespace: dumps through netlink, changes through libnftables.

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/byte_cursor.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace octroi {

// One thread at a time.
class NftablesHost {
public:
    enum class List : std::uint8_t { tables, chains, rules, sets, objects };
    // message: after its nlmsghdr, valid during the call only; decoded by wire/nftables.
    using Handler = void (*)(void* context, ByteSpan message);

    virtual ~NftablesHost() = default;
    // Calls the handler for each item; of a table, where the kernel can select, else of all tables.
    // table: of family inet. Errors: busy (the tables changed meanwhile, or there was no memory:
    // list them again), permission (CAP_NET_ADMIN), unsupported (the kernel has no nf_tables).
    [[nodiscard]] virtual Status list(List list, const std::string& table, Handler handler,
                                      void* context) = 0;
    // Calls the handler for the objects of these names that are there. Faster than list() for very
    // many of them: the kernel walks over all objects for each part of a list. Errors: as list().
    [[nodiscard]] virtual Status get_objects(const std::string& table,
                                             std::span<const std::string> names, Handler handler,
                                             void* context) = 0;
    // Runs commands in the language of nft(8), all or none of them. check_only: the kernel checks
    // them and changes nothing. Errors: permission, failed (the text is that of libnftables).
    [[nodiscard]] virtual Status run(const std::string& commands, bool check_only) = 0;
    // Sends batches of changes (wire/nftables/additions.hpp), which are applied one after another.
    // Errors: permission, failed (a batch was refused; those before it are applied).
    [[nodiscard]] virtual Status add(std::span<const std::string> batches) = 0;
    // A text that changes with each boot, and that differs between network namespaces: handles of
    // tables with different texts have nothing in common.
    [[nodiscard]] virtual Result<std::string> generation() = 0;
    // Returns after this time, or earlier after a signal.
    virtual void wait(Duration time) = 0;
};

// Opens nothing; each call opens what it needs.
[[nodiscard]] std::unique_ptr<NftablesHost> nftables_host();

}  // namespace octroi

// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/nft_listing.hpp"

#include <fmt/format.h>
#include <nftables/libnftables.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

namespace octroi {
namespace {

// nft(8), ADDRESS FAMILIES.
constexpr std::array<std::string_view, 6> nft_families{"ip",     "ip6",    "inet",
                                                       "arp", "bridge", "netdev"};

struct NftCloser {
    void operator()(nft_ctx* context) const { nft_ctx_free(context); }
};

// Commands are texts: a name may have no character that ends one.
bool is_plain_name(const std::string& name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '.' || c == '/' || c == '\\';
    });
}

}  // namespace

Result<std::string> list_nft_table(const std::string& family, const std::string& name) {
    if (std::ranges::find(nft_families, family) == nft_families.end() || !is_plain_name(name))
        return fail(ErrorCode::invalid,
                    fmt::format("'{} {}' is not a family and name of an nft table", family, name));
    const std::unique_ptr<nft_ctx, NftCloser> context(nft_ctx_new(NFT_CTX_DEFAULT));
    if (!context) return fail(ErrorCode::failed, "libnftables gives no context");
    nft_ctx_output_set_flags(context.get(), NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_HANDLE |
                                                NFT_CTX_OUTPUT_NUMERIC_ALL | NFT_CTX_OUTPUT_GUID);
    if (nft_ctx_buffer_output(context.get()) != 0 || nft_ctx_buffer_error(context.get()) != 0)
        return fail(ErrorCode::failed, "libnftables gives no buffer");
    const std::string command = fmt::format("list table {} {}", family, name);
    if (nft_run_cmd_from_buffer(context.get(), command.c_str()) == 0)
        return std::string(nft_ctx_get_output_buffer(context.get()));
    const std::string_view error = nft_ctx_get_error_buffer(context.get());
    const std::string reason(error.substr(0, error.find('\n')));
    if (error.contains("not permitted"))
        return fail(ErrorCode::permission,
                    "reading counters of nftables needs CAP_NET_ADMIN; next: start octroi as root, "
                    "or setcap cap_net_admin+ep on it");
    return fail(error.contains("No such file") ? ErrorCode::not_found : ErrorCode::failed,
                fmt::format("nft table {} {}: {}", family, name, reason));
}

}  // namespace octroi

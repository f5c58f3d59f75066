// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/listing_host.hpp"

#include <fmt/format.h>
#include <nftables/libnftables.h>

#include <algorithm>

#include "host/command.hpp"
#include "host/file.hpp"

namespace octroi {
namespace {

constexpr std::size_t listing_file_max = std::size_t{64} << 20U;

struct ListingContextCloser {
    void operator()(nft_ctx* context) const { nft_ctx_free(context); }
};

[[nodiscard]] std::unexpected<Error> nft_error(const std::string& table, std::string text) {
    text.resize(std::min(text.find('\n'), text.size()));
    if (text.contains("No such file or directory"))
        return fail(ErrorCode::not_found, fmt::format("nftables has no table {}", table));
    const bool denied = text.contains("Operation not permitted");
    return fail(denied ? ErrorCode::permission : ErrorCode::failed,
                fmt::format("nftables: table {} cannot be listed: {}; next: {}", table, text,
                            denied ? "run as root, or with CAP_NET_ADMIN"
                                   : fmt::format("nft list table {}", table)));
}

class SystemListingHost final : public ListingHost {
public:
    Result<std::string> nft_table(const std::string& family, const std::string& table) override {
        const std::unique_ptr<nft_ctx, ListingContextCloser> context(nft_ctx_new(NFT_CTX_DEFAULT));
        if (!context || nft_ctx_buffer_error(context.get()) != 0 ||
            nft_ctx_buffer_output(context.get()) != 0)
            return fail(ErrorCode::failed, "libnftables cannot be used: no memory");
        nft_ctx_output_set_flags(context.get(), NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_HANDLE |
                                                    NFT_CTX_OUTPUT_TERSE |
                                                    NFT_CTX_OUTPUT_NUMERIC_ALL);
        const std::string name = fmt::format("{} {}", family, table);
        if (nft_run_cmd_from_buffer(context.get(), fmt::format("list table {}", name).c_str()) != 0)
            return nft_error(name, nft_ctx_get_error_buffer(context.get()));
        return std::string(nft_ctx_get_output_buffer(context.get()));
    }
    Result<std::string> command(std::span<const std::string> arguments) override {
        return run_command(arguments);
    }
    Result<std::string> file(const std::string& path) override {
        return read_file(path, listing_file_max);
    }
};

}  // namespace

std::unique_ptr<ListingHost> listing_host() { return std::make_unique<SystemListingHost>(); }

}  // namespace octroi

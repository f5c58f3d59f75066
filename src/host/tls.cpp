// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <csignal>

namespace octroi {
namespace {

struct FreeContext {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
struct FreeSession {
    void operator()(SSL* session) const noexcept { SSL_free(session); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;
using Session = std::unique_ptr<SSL, FreeSession>;

// The text of OpenSSL's last error. Clears the error queue of the thread, so that the next caller
// does not see it.
std::string reason() {
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    const char* const text = code == 0 ? nullptr : ERR_reason_error_string(code);
    return text == nullptr ? "unknown reason" : text;
}

class TlsConnection final : public StreamConnection {
public:
    TlsConnection(std::unique_ptr<StreamConnection> below, Session session)
        : below_(std::move(below)), session_(std::move(session)) {}

    [[nodiscard]] Result<std::optional<std::size_t>> read(std::span<std::byte> into) override {
        // SSL_read_ex also continues the handshake.
        std::size_t got = 0;
        ERR_clear_error();
        const int done = SSL_read_ex(session_.get(), into.data(), into.size(), &got);
        if (done == 1) return got;
        switch (SSL_get_error(session_.get(), done)) {
            case SSL_ERROR_WANT_READ:
            case SSL_ERROR_WANT_WRITE:
                return std::nullopt;
            case SSL_ERROR_ZERO_RETURN:
                return 0U;
            default:
                return failure();
        }
    }
    [[nodiscard]] const Address& peer() const override { return below_->peer(); }
    [[nodiscard]] std::uint16_t peer_port() const override { return below_->peer_port(); }
    [[nodiscard]] int descriptor() const override { return below_->descriptor(); }

private:
    // Of the last call.
    [[nodiscard]] std::unexpected<Error> failure() const {
        if (SSL_is_init_finished(session_.get()) == 1)
            return fail(ErrorCode::failed,
                        fmt::format("TLS with {}: {}", to_string(peer()), reason()));
        return fail(ErrorCode::failed,
                    fmt::format("the TLS handshake with {} failed: {}. Next: check that the peer "
                                "speaks TLS 1.2 or later, and the certificates of both sides",
                                to_string(peer()), reason()));
    }

    std::unique_ptr<StreamConnection> below_;  // owns the socket; must outlive session_
    Session session_;
};

class TlsListener final : public StreamListener {
public:
    TlsListener(std::unique_ptr<StreamListener> below, Context context)
        : below_(std::move(below)),
          context_(std::move(context)),
          name_("tls" + below_->name().substr(3)) {}

    [[nodiscard]] Result<std::unique_ptr<StreamConnection>> accept() override {
        TRY_ASSIGN(auto connection, below_->accept());
        if (connection == nullptr) return nullptr;
        Session session(SSL_new(context_.get()));
        if (session == nullptr || SSL_set_fd(session.get(), connection->descriptor()) != 1)
            return fail(ErrorCode::failed, fmt::format("cannot begin TLS: {}", reason()));
        // The socket does not block, so the handshake cannot be completed here.
        SSL_set_accept_state(session.get());
        return std::make_unique<TlsConnection>(std::move(connection), std::move(session));
    }
    [[nodiscard]] int descriptor() const override { return below_->descriptor(); }
    [[nodiscard]] const std::string& name() const override { return name_; }
    [[nodiscard]] std::uint16_t port() const override { return below_->port(); }

private:
    std::unique_ptr<StreamListener> below_;
    Context context_;
    std::string name_;
};

Result<Context> make_context(const TlsFiles& files) {
    Context context(SSL_CTX_new(TLS_server_method()));
    if (context == nullptr || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1)
        return fail(ErrorCode::failed, fmt::format("cannot set up TLS: {}", reason()));
    // No session tickets: this side only reads. If the peer closes before it has read a ticket, its
    // kernel resets the connection, and octets that were not read here yet are lost.
    SSL_CTX_set_num_tickets(context.get(), 0);
    const auto unusable = [](const std::string& file) {
        return fail(ErrorCode::invalid, fmt::format("cannot use {} for TLS: {}", file, reason()));
    };
    if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1)
        return unusable(files.certificate);
    if (SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context.get()) != 1)
        return unusable(files.key);
    if (files.clients.empty()) return context;
    if (SSL_CTX_load_verify_locations(context.get(), files.clients.c_str(), nullptr) != 1)
        return unusable(files.clients);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    return context;
}

}  // namespace

Result<std::unique_ptr<StreamListener>> listen_tls(const Address& address, std::uint16_t port,
                                                   const TlsFiles& files) {
    // OpenSSL writes with write(2), which raises SIGPIPE on a connection that the peer has closed.
    std::signal(SIGPIPE, SIG_IGN);
    TRY_ASSIGN(Context context, make_context(files));
    TRY_ASSIGN(auto below, listen_tcp(address, port));
    return std::make_unique<TlsListener>(std::move(below), std::move(context));
}

}  // namespace octroi

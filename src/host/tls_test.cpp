// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/tls.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "host/testing/folder.hpp"
#include "host/testing/tls_identity.hpp"

namespace octroi {
namespace {

// Connects, with a client certificate if there is one, sends the text and closes. Returns whether
// the TLS handshake succeeded.
bool send_over_tls(std::uint16_t port, const std::string& text, const std::string& certificate,
                   const std::string& key) {
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    if (!certificate.empty()) {
        SSL_CTX_use_certificate_chain_file(context, certificate.c_str());
        SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM);
    }
    const Fd socket(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
    SSL* session = SSL_new(context);
    const bool connected =
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 &&
        SSL_set_fd(session, socket.get()) == 1 && SSL_connect(session) == 1;
    std::size_t sent = 0;
    const bool done = connected && SSL_write_ex(session, text.data(), text.size(), &sent) == 1 &&
                      SSL_shutdown(session) >= 0;
    SSL_free(session);
    SSL_CTX_free(context);
    return done;
}

// The octets of one connection until the peer closes it; nullopt: it ended with an error.
std::optional<std::string> receive(StreamListener& listener) {
    std::unique_ptr<StreamConnection> connection;
    std::string all;
    for (int i = 0; i < 1000; ++i) {
        ::usleep(2'000);
        if (connection == nullptr) {
            auto accepted = listener.accept();
            if (accepted && *accepted) connection = std::move(*accepted);
            continue;
        }
        std::array<std::byte, 64> octets{};
        const auto got = connection->read(octets);
        if (!got) return std::nullopt;
        if (!*got) continue;
        if (**got == 0) return all;
        const std::size_t before = all.size();
        all.resize(before + **got);
        std::memcpy(all.data() + before, octets.data(), **got);
    }
    return std::nullopt;
}

class TlsTest : public ::testing::Test {
protected:
    TlsTest() { testing::write_identity(own_.certificate, own_.key); }

    std::optional<std::string> talk(const TlsFiles& files, const std::string& certificate,
                                    const std::string& key) {
        auto listener = listen_tls(Address::v4(INADDR_LOOPBACK), 0, files);
        EXPECT_TRUE(listener.has_value()) << listener.error().text;
        if (!listener) return std::nullopt;
        EXPECT_EQ((*listener)->name().substr(0, 4), "tls ");
        std::thread client([&, port = (*listener)->port()] {
            static_cast<void>(send_over_tls(port, "hello over TLS", certificate, key));
        });
        auto received = receive(**listener);
        client.join();
        return received;
    }

    testing::Folder folder_;
    TlsFiles own_{folder_.file("own.pem"), folder_.file("own.key"), ""};
};

TEST_F(TlsTest, ReturnsDecryptedOctets) { EXPECT_EQ(talk(own_, "", ""), "hello over TLS"); }

TEST_F(TlsTest, AcceptsOnlyKnownClientsIfConfigured) {
    const std::string certificate = folder_.file("client.pem");
    const std::string key = folder_.file("client.key");
    testing::write_identity(certificate, key);
    own_.clients = certificate;
    EXPECT_EQ(talk(own_, certificate, key), "hello over TLS");
    EXPECT_EQ(talk(own_, "", ""), std::nullopt);
    EXPECT_EQ(talk(own_, own_.certificate, own_.key), std::nullopt);
}

TEST_F(TlsTest, NamesTheFileThatIsWrong) {
    const auto missing =
        listen_tls(Address::v4(INADDR_LOOPBACK), 0, {folder_.file("none.pem"), own_.key, ""});
    ASSERT_FALSE(missing.has_value());
    EXPECT_NE(missing.error().text.find("none.pem"), std::string::npos) << missing.error().text;
    const auto other =
        listen_tls(Address::v4(INADDR_LOOPBACK), 0, {own_.certificate, own_.certificate, ""});
    ASSERT_FALSE(other.has_value());
    EXPECT_EQ(other.error().code, ErrorCode::invalid);
}

}  // namespace
}  // namespace octroi

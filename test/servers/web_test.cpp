// SPDX-License-Identifier: GPL-3.0-or-later
// Web servers with two sites on one address. Each has two logs: one with all octets of requests and
// answers (Apache %I %O, nginx $request_length $bytes_sent), one with the bodies of answers only
// (%b, $body_bytes_sent). curl measures the same octets at the other end.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "server_machine.hpp"

namespace octroi::servers {
namespace {

using support::Arguments;
using support::Network;

constexpr const char* first_site = "shop.example.test";
constexpr const char* second_site = "blog.example.test";

std::string url(const std::string& site, const std::string& page) {
    return "http://" + site + "/" + page;
}

// What the client has transferred, by site, as the two logs define it.
class Visits {
public:
    explicit Visits(const ServerMachine& machine) : machine_(machine) {}

    Transfer visit(const std::string& site, Arguments arguments) {
        const std::string at = ":" + std::string(ServerMachine::address);
        arguments.insert(arguments.begin(),
                         {"--resolve", site + ":80" + at, "--header", "Expect:"});
        const Transfer done = transfer(machine_, arguments);
        Octets& all = all_["domain " + site];
        all.received += done.up();
        all.sent += done.down();
        bodies_["domain " + site].sent += done.body_down;
        unlogged_by_bodies_ += done.up() + done.head_down;
        return done;
    }

    // Pages of both sites: large and small ones, a request for several, an upload, refusals.
    // upload: arguments of curl for a request with a body that the server reads.
    void visit_sites(const Arguments& upload) {
        EXPECT_EQ(visit(first_site, {url(first_site, "large.bin")}).body_down, 300'000U);
        EXPECT_EQ(visit(first_site, {url(first_site, "small.html")}).body_down, 1234U);
        EXPECT_EQ(visit(first_site, {"--range", "0-99", url(first_site, "large.bin")}).status,
                  "206");
        EXPECT_EQ(visit(first_site, {url(first_site, "no-such-page")}).status, "404");
        EXPECT_EQ(visit(first_site, {"--head", url(first_site, "large.bin")}).status, "200");
        EXPECT_EQ(visit(second_site, {url(second_site, "page.html")}).body_down, 50'000U);
        Arguments sending{"--upload-file", machine_.path("upload.bin")};
        sending.insert(sending.end(), upload.begin(), upload.end());
        EXPECT_EQ(visit(second_site, sending).body_up, 70'000U);
        for (int i = 0; i < 5; ++i)
            EXPECT_EQ(visit(second_site, {"--user-agent", "a \"quoted\" agent " + std::to_string(i),
                                          url(second_site, "page.html?n=" + std::to_string(i))})
                          .status,
                      "200");
        // A request that imitates the rest of a line, with other octets.
        visit(second_site, {url(second_site, "page.html%22%20200%20999999999%20%22-%22")});
    }

    void write_pages() const {
        machine_.write_octets("shop/large.bin", 300'000);
        machine_.write_octets("shop/small.html", 1234);
        machine_.write_octets("blog/page.html", 50'000);
        machine_.write_octets("upload.bin", 70'000);
    }

    [[nodiscard]] const OctetsByIdentity& all() const { return all_; }
    [[nodiscard]] const OctetsByIdentity& bodies() const { return bodies_; }
    // Headers and requests: in the packets, and not in the log of bodies.
    [[nodiscard]] std::uint64_t unlogged_by_bodies() const { return unlogged_by_bodies_; }

private:
    const ServerMachine& machine_;
    OctetsByIdentity all_;
    OctetsByIdentity bodies_;
    std::uint64_t unlogged_by_bodies_ = 0;
};

std::string meters(const ServerMachine& machine, const std::string& all_format,
                   const std::string& bodies_format) {
    const std::string at = "addresses = [\"" + std::string(ServerMachine::address) +
                           "\"]\nservices = [\"http\", \"https\"]\npoll = \"100ms\"\n";
    return "[[meter]]\nname = \"all\"\nkind = \"log\"\npaths = [\"" + machine.path("log/all.log") +
           "\"]\n" + all_format + "\n" + at +
           "[[meter]]\nname = \"bodies\"\nkind = \"log\"\nrole = \"witness\"\npaths = [\"" +
           machine.path("log/bodies.log") + "\"]\n" + bodies_format + "\n" + at;
}

void expect_visits(ServerMachine& machine, const Visits& visits) {
    machine.expect_booked("all", visits.all());
    machine.expect_booked("bodies", visits.bodies());
    machine.stop_following();
    machine.expect_explained("all", 0);
    machine.expect_explained("bodies", visits.unlogged_by_bodies());
}

constexpr const char* apache_logs =
    "LogFormat \"%v:%p %h %l %u %t \\\"%r\\\" %>s %I %O\" all\n"
    "LogFormat \"%v:%p %h %l %u %t \\\"%r\\\" %>s %b \\\"%{Referer}i\\\" "
    "\\\"%{User-Agent}i\\\"\" bodies\n";

// Starts Apache with both sites and both logs. for_sites: further lines of each.
void start_apache(ServerMachine& machine, int port, const std::string& for_sites) {
    machine.own_folder("log", "www-data");
    std::string config = fmt::format(
        "ServerRoot {0}\nDefaultRuntimeDir {0}\nPidFile {0}/apache.pid\n"
        "ErrorLog {0}/log/error.log\nUser www-data\nGroup www-data\nServerName {1}\n"
        "Listen {2}:{3}\nStartServers 1\nMinSpareThreads 1\nThreadsPerChild 5\n"
        "MaxRequestWorkers 5\nMaxSpareThreads 6\n",
        machine.path("."), first_site, ServerMachine::address, port);
    for (const char* const module :
         {"mpm_event", "authz_core", "log_config", "logio", "socache_shmcb", "ssl"}) {
        // Debian builds some into the program.
        const std::string file = fmt::format("/usr/lib/apache2/modules/mod_{}.so", module);
        if (std::filesystem::exists(file))
            config += fmt::format("LoadModule {}_module {}\n", module, file);
    }
    config += fmt::format(
        "{0}CustomLog {1}/all.log all\nCustomLog {1}/bodies.log bodies\n<Directory />\n"
        "Require all granted\n</Directory>\n",
        apache_logs, machine.path("log"));
    for (const auto& [site, folder] :
         {std::pair{first_site, "shop"}, std::pair{second_site, "blog"}})
        config +=
            fmt::format("<VirtualHost *:{}>\nServerName {}\nDocumentRoot {}\n{}</VirtualHost>\n",
                        port, site, machine.path(folder), for_sites);
    machine.write("apache.conf", config);
    machine.start({"apache2", "-f", machine.path("apache.conf"), "-DFOREGROUND"}, {port});
    machine.follow(meters(machine, R"(log_format = '%v:%p %h %l %u %t "%r" %>s %I %O')",
                          "format = \"vhost-combined\""));
}

TEST(RealServers, ApacheCountsTwoSitesOnOneAddress) {
    ServerMachine machine;
    if (const std::string why = machine.missing({"apache2", "curl"}); !why.empty())
        GTEST_SKIP() << why;
    Visits visits(machine);
    visits.write_pages();
    start_apache(machine, 80, "");
    visits.visit_sites({"--request", "POST", url(second_site, "page.html")});
    expect_visits(machine, visits);
}

// mod_logio counts below TLS: the log has the records of TLS too, but not those before the first
// request and behind the last answer of a connection.
TEST(RealServers, ApacheCountsTls) {
    ServerMachine machine;
    if (const std::string why = machine.missing({"apache2", "curl", "openssl"}); !why.empty())
        GTEST_SKIP() << why;
    Visits visits(machine);
    visits.write_pages();
    Network::must({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                   "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=example.test", "-days",
                   "2", "-keyout", machine.path("key.pem"), "-out", machine.path("cert.pem")});
    start_apache(machine, 443,
                 fmt::format("SSLEngine on\nSSLCertificateFile {0}/cert.pem\n"
                             "SSLCertificateKeyFile {0}/key.pem\n",
                             machine.path(".")));
    std::uint64_t bodies = 0;
    for (int i = 0; i < 4; ++i)
        bodies += transfer(machine, {"--insecure", "--resolve",
                                     fmt::format("{}:443:{}", first_site, ServerMachine::address),
                                     fmt::format("https://{}/large.bin", first_site)})
                      .body_down;
    machine.expect_booked("bodies", {{fmt::format("domain {}", first_site), {0, bodies}}});
    machine.stop_following();
    const OctetsByIdentity all = machine.booked("all");
    EXPECT_GT(all.at(fmt::format("domain {}", first_site)).sent, bodies);
    machine.expect_explained("all", 0, 4 * 3000);
    machine.expect_explained("bodies", 4 * 1000, 4 * 20'000);
}

TEST(RealServers, NginxCountsTwoSitesOnOneAddress) {
    ServerMachine machine;
    if (const std::string why = machine.missing({"nginx", "curl"}); !why.empty())
        GTEST_SKIP() << why;
    Visits visits(machine);
    visits.write_pages();
    machine.own_folder("log", "www-data");
    machine.own_folder("blog/uploads", "www-data");
    const std::string all_format =
        "$server_name $remote_addr - $remote_user [$time_local] \"$request\" $status $bytes_sent "
        "$request_length";
    const std::string bodies_format =
        "$server_name $remote_addr - $remote_user [$time_local] \"$request\" $status "
        "$body_bytes_sent \"$http_referer\" \"$http_user_agent\"";
    std::string sites;
    for (const auto& [site, folder] :
         {std::pair{first_site, "shop"}, std::pair{second_site, "blog"}})
        sites += "server { listen " + std::string(ServerMachine::address) + ":80; server_name " +
                 site + "; root " + machine.path(folder) +
                 "; location /uploads/ { dav_methods PUT; } }\n";
    machine.write("nginx.conf",
                  "user www-data; worker_processes 1; pid " + machine.path("nginx.pid") +
                      "; error_log " + machine.path("log/error.log") +
                      ";\nevents { worker_connections 64; }\nhttp {\n"
                      "client_body_temp_path " +
                      machine.path("body") + "; proxy_temp_path " + machine.path("proxy") +
                      "; fastcgi_temp_path " + machine.path("fastcgi") + "; uwsgi_temp_path " +
                      machine.path("uwsgi") + "; scgi_temp_path " + machine.path("scgi") +
                      ";\nlog_format all '" + all_format + "';\nlog_format bodies '" +
                      bodies_format + "';\naccess_log " + machine.path("log/all.log") +
                      " all;\naccess_log " + machine.path("log/bodies.log") + " bodies;\n" + sites +
                      "}\n");
    machine.start({"nginx", "-c", machine.path("nginx.conf"), "-g", "daemon off;"}, {80});
    machine.follow(meters(machine, "nginx_format = '" + all_format + "'",
                          "nginx_format = '" + bodies_format + "'"));
    // A body that nginx refuses without reading it is not in $request_length.
    visits.visit_sites({url(second_site, "uploads/new.bin")});
    expect_visits(machine, visits);
}

}  // namespace
}  // namespace octroi::servers

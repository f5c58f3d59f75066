// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The sites and the access logs that the configuration of a web server names: Apache httpd 2.4
// (httpd.apache.org/docs/2.4: configuring, sections, mod_log_config, core) and nginx
// (nginx.org/en/docs: ngx_core_module, ngx_http_core_module, ngx_http_log_module). Plain values;
// pure functions over a ConfigFiles; any thread.
//
// The configuration is not checked: the server does that. Directives that are not needed are left
// out. What cannot be read, such as an include that is not there, is a problem in the result, and
// the rest is read.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace octroi::web_config {

// Bounds: a configuration beyond them is read up to there, with a problem that says so.
inline constexpr std::size_t files_max = 10'000;
inline constexpr std::size_t file_octets_max = std::size_t{4} << 20U;
inline constexpr std::size_t octets_max = std::size_t{64} << 20U;
inline constexpr std::size_t include_depth_max = 16;
inline constexpr std::size_t sites_max = 100'000;
inline constexpr std::size_t problems_max = 20;

// Reads the files that a configuration includes. Paths are absolute.
class ConfigFiles {
public:
    virtual ~ConfigFiles() = default;
    // nullopt: it cannot be read, or has more than file_octets_max octets.
    [[nodiscard]] virtual std::optional<std::string> read(const std::string& path) = 0;
    // The paths that match a pattern of the shell, sorted.
    [[nodiscard]] virtual std::vector<std::string> matching(const std::string& pattern) = 0;
};

struct AccessLog {
    // Absolute. With variables of nginx in it, as the configuration has them.
    std::string path;
    // The format: the text of LogFormat or log_format. Empty: the server's default ("%h %l %u %t
    // \"%r\" %>s %b" of Apache, combined of nginx), or a name that the configuration does not
    // define.
    std::string format;
    std::string format_name;   // its name, where it has one: "vhost_combined"
    bool conditional = false;  // not every request is in the log (env=, expr=, if=)

    auto operator<=>(const AccessLog&) const = default;
};

struct Site {
    // ServerName, or the first name of server_name; as the server has it. Empty: none.
    std::string name;
    // ServerAlias, the other names of server_name: also wildcards ("*.example.org"), and of nginx
    // ".example.org" and regular expressions ("~…").
    std::vector<std::string> aliases;
    std::string root;  // DocumentRoot, root; empty: none
    std::string user;  // that runs its programs (SuexecUserGroup, AssignUserID); empty: none
    std::vector<AccessLog> logs;
    bool has_own_logs = false;        // else `logs` are those that all such sites share
    bool has_unlogged_parts = false;  // "access_log off" in a location
    std::string file;                 // that defines it
    std::uint32_t line = 0;
    std::vector<std::string> other_files;  // included ones that give it a name, root or user

    auto operator<=>(const Site&) const = default;
};

struct WebConfig {
    std::vector<AccessLog> shared_logs;  // of requests to no site with logs of its own
    std::vector<Site> sites;  // in the order of the configuration; one has no name of its own
    std::vector<std::string> problems;  // "/etc/apache2/apache2.conf:12: …"; at most problems_max
};

// main_file: apache2.conf, httpd.conf. Variables are those of Define, and of `envvars` beside it
// (Debian). nullopt: the main file cannot be read.
[[nodiscard]] std::optional<WebConfig> read_apache(const std::string& main_file,
                                                   ConfigFiles& files);
// main_file: nginx.conf. default_log: where the server writes if the configuration names no log (it
// is compiled into nginx).
[[nodiscard]] std::optional<WebConfig> read_nginx(const std::string& main_file,
                                                  const std::string& default_log,
                                                  ConfigFiles& files);

// Where the packages of Debian, Fedora and their relatives have the main files.
enum class WebServer : std::uint8_t { apache, nginx };
struct MainFile {
    std::string_view path;
    WebServer server;
};
inline constexpr std::array main_files{
    MainFile{"/etc/apache2/apache2.conf", WebServer::apache},
    MainFile{"/etc/httpd/conf/httpd.conf", WebServer::apache},
    MainFile{"/etc/nginx/nginx.conf", WebServer::nginx},
};
// Debian's nginx; the packages of others have the same path.
inline constexpr std::string_view nginx_default_log = "/var/log/nginx/access.log";

// nullopt: the file cannot be read.
[[nodiscard]] std::optional<WebConfig> read_web_config(const MainFile& file, ConfigFiles& files);

}  // namespace octroi::web_config

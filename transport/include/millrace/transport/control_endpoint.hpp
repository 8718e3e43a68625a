#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/error.hpp"

namespace millrace::transport {

/// Where the control sockets of this user's processes are: `$XDG_RUNTIME_DIR/millrace`, or `/tmp/millrace-<uid>` where
/// that is not set. Made with mode 0700 when it is not there.
///
/// `invalid_argument` when the folder exists and is a link, another user's or open to others: whoever may write there
/// may pose as a node. Thread: any.
[[nodiscard]] result<std::filesystem::path> runtime_folder();

/// Makes `folder` (not its parents) with mode 0700, or checks that it is ours alone; errors as in `runtime_folder`.
[[nodiscard]] result<void> make_private_folder(const std::filesystem::path& folder);

/// What the names of nodes' sockets begin with, where those of runs have their topology. No topology's name has a dot.
inline constexpr std::string_view node_prefix = "node.";

/// A process that listens for control requests.
struct control_endpoint {
  std::string topology{};  ///< of a node: its name behind `node_prefix`
  std::uint32_t pid = 0;
  std::string address{};  ///< what servers and clients take: ipc:// and the path of the socket

  friend bool operator==(const control_endpoint&, const control_endpoint&) = default;
};

/// The endpoint of process `pid` running `topology`, in `folder`: `<topology>-<pid>.sock`.
///
/// `invalid_argument` for a name that is no file name, `limit_exceeded` when the path is longer than the 107 bytes an
/// address of a socket holds.
[[nodiscard]] result<control_endpoint> endpoint_of(const std::filesystem::path& folder, std::string_view topology,
                                                   std::uint32_t pid);

/// Endpoints in `folder` that somebody listens on, by topology and process; those that dead processes left are passed
/// over. Empty when the folder does not exist.
[[nodiscard]] result<std::vector<control_endpoint>> list_endpoints(const std::filesystem::path& folder);

/// The same in `runtime_folder()`.
[[nodiscard]] result<std::vector<control_endpoint>> list_endpoints();

/// The path in an `ipc://` address: absolute and short enough for a socket, else `invalid_argument` or
/// `limit_exceeded`.
[[nodiscard]] result<std::filesystem::path> path_of_address(std::string_view address);

/// Makes room for a socket at `path`: checks its folder and removes a socket nobody listens on. `in_use` when somebody
/// does, `already_exists` when the file is no socket (it is left alone). Thread: any.
[[nodiscard]] result<void> claim_socket_path(const std::filesystem::path& path);

}  // namespace millrace::transport

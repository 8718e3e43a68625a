#pragma once

#include <QString>
#include <optional>
#include <string>

#include "millrace/error.hpp"
#include "millrace/transport/control_client.hpp"

namespace millrace::workbench {

/// Which engine a workbench works with: its own, or a node somewhere else. What is written down of it is no secret; the
/// secret is in the key file, which is its user's alone (mode 0600).
struct Target {
  QString name;       ///< as the user calls it
  QString address;    ///< tcp://HOST:PORT, or ipc:// and a path; empty: the embedded engine
  QString serverKey;  ///< the node's public key (Z85): nobody else can pose as it; empty with ipc
  QString keyFile;    ///< as `millrace key create` writes it; empty with ipc

  [[nodiscard]] bool isEmbedded() const { return address.isEmpty(); }
  bool operator==(const Target&) const = default;
};

/// What a connection is made with.
struct Destination {
  std::string address;
  std::optional<transport::remote_keys> keys{};

  /// How long the first answer may take: a network takes longer than a socket of the same machine.
  [[nodiscard]] std::chrono::milliseconds connectMax() const { return std::chrono::milliseconds{keys ? 3000 : 1000}; }
};

/// Reads the key file of a target that has one. Errors: those of the key file, and a file that is for another node than
/// the one that is pinned. Thread: any; reads a file.
[[nodiscard]] result<Destination> destinationOf(const Target& target);

/// The node that a key file is for, named as its key. Errors: those of the key file, and one without an address.
[[nodiscard]] result<Target> targetOfKeyFile(const QString& path);

/// What `--connect` means: tcp://HOST:PORT needs a key file, ipc:// and a path does without. Error: names what is
/// missing.
[[nodiscard]] result<Target> targetOfUri(const QString& uri, const QString& keyFile);

}  // namespace millrace::workbench

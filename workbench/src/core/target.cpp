#include "core/target.hpp"

#include "core/text.hpp"
#include "millrace/transport/key_file.hpp"
#include "millrace/transport/node_address.hpp"

namespace millrace::workbench {
namespace {

bool isLocal(const QString& address) {
  return address.startsWith(QLatin1String("ipc://"));
}

}  // namespace

result<Destination> destinationOf(const Target& target) {
  if (isLocal(target.address)) return Destination{toStd(target.address)};
  auto key = transport::read_key_file(toStd(target.keyFile));
  if (!key) return std::move(key).error();
  if (key->keys.server_public != toStd(target.serverKey)) {
    return user_error(errc::denied, toStd(target.keyFile) + " is for another node than '" + toStd(target.name) +
                                        "' is known to be: forget the node and add it again if it has got new keys");
  }
  return Destination{toStd(target.address), std::move(key->keys)};
}

result<Target> targetOfKeyFile(const QString& path) {
  const auto key = transport::read_key_file(toStd(path));
  if (!key) return key.error();
  if (auto fine = transport::check_node_address(key->address); !fine) {
    return user_error(errc::invalid_argument,
                      toStd(path) + " does not say where the node is: put tcp://HOST:PORT into its 'address'");
  }
  return Target{toQt(key->name), toQt(key->address), toQt(key->keys.server_public), path};
}

result<Target> targetOfUri(const QString& uri, const QString& keyFile) {
  if (isLocal(uri)) return Target{uri.section(QLatin1Char('/'), -1), uri, {}, {}};
  if (auto fine = transport::check_node_address(toStd(uri)); !fine) return std::move(fine).error();
  if (keyFile.isEmpty()) {
    return user_error(errc::invalid_argument,
                      toStd(uri) + " is reached with a key only: add the node in the workbench, or give --key-file");
  }
  auto target = targetOfKeyFile(keyFile);
  if (target) target->address = uri;
  return target;
}

}  // namespace millrace::workbench

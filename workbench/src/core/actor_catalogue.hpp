#pragma once

#include <QByteArray>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/actor_kind.hpp"
#include "millrace/error.hpp"
#include "millrace/param.hpp"
#include "millrace/schema.hpp"

namespace millrace::workbench {

/// An input or output of an actor type. Without `record` its fields are known only when the topology is.
struct PortInfo {
  std::string name;
  std::optional<schema> record;
  bool keyed = false;  ///< inputs
};

/// "payment (id:string,amount:float64)" is a record; other sentences say that its fields are not known yet.
[[nodiscard]] std::optional<schema> readRecord(const std::string& text);

/// A parameter as the inspector needs it. Types are those of the engine: yes/no, integer, number, text.
struct ParamInfo {
  enum class Type : std::uint8_t { Flag, Integer, Number, Text };
  std::string name;
  Type type = Type::Text;
  param_value initial;
  std::string unit, help;
  std::vector<std::string> choices;
  std::vector<std::string> suggestions;  ///< of texts: what fits; others may be typed
  std::optional<double> min, max;
  bool required = false, live = false, isPath = false;
  bool isSecret = false;                     ///< its value is masked wherever it would be shown
  std::optional<param_condition> shownWhen;  ///< nothing: always shown
};

/// What the engine tells about one type of actor.
struct ActorType {
  std::string id, title, category, help, promise;
  ActorKind kind = ActorKind::Processor;
  std::vector<PortInfo> inputs, outputs;
  std::vector<ParamInfo> params;

  [[nodiscard]] const PortInfo* input(const std::string& name) const;
  [[nodiscard]] const PortInfo* output(const std::string& name) const;
  [[nodiscard]] const ParamInfo* param(const std::string& name) const;
  /// Whether an editor shows the parameter for these values: what is set always, the rest when it means anything.
  [[nodiscard]] bool shows(const ParamInfo& p, const std::map<std::string, param_value>& values) const;
  /// Whether its work is done by key, so that several partitions need a router by key in front.
  [[nodiscard]] bool isKeyed() const;
  /// The output that a wire starts from unless another one is meant; nullptr for sinks. Never the dead letters'.
  [[nodiscard]] const PortInfo* mainOutput() const;
};

/// Every actor has this output; it carries what its failure policy gave up.
inline constexpr const char* deadPort = "dead";

/// The types of actors an engine knows, as `millrace actor list --json` tells them: the workbench itself loads no
/// plugins. Immutable. Thread: any.
class ActorCatalogue {
public:
  ActorCatalogue() = default;
  /// Errors (`parse_error`): not what the command prints. Members it does not know are passed over.
  [[nodiscard]] static result<ActorCatalogue> parse(const QByteArray& json);

  [[nodiscard]] const std::vector<ActorType>& types() const noexcept { return m_types; }
  [[nodiscard]] const ActorType* find(const std::string& id) const;
  [[nodiscard]] bool isEmpty() const noexcept { return m_types.empty(); }

private:
  std::vector<ActorType> m_types;  // by id
  std::map<std::string, std::size_t> m_places;
};

}  // namespace millrace::workbench

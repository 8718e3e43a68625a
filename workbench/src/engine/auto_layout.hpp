#pragma once

#include <QObject>
#include <QPointF>
#include <map>
#include <string>

#include "core/edit.hpp"
#include "engine/tool_call.hpp"
#include "millrace/topology.hpp"

namespace millrace::workbench {

/// Lays a topology out: with graphviz in a child process (`dot -Tjson`; its licence and the GPL do not mix in one
/// program), or where that is missing or fails, with `layeredLayout`. Thread: GUI.
class AutoLayout final : public QObject {
  Q_OBJECT

public:
  /// `program`: instead of the `dot` on the path.
  explicit AutoLayout(QObject* parent = nullptr, QString program = {});
  /// A layout begun before is given up.
  void start(const Drawing& drawing);

  /// What `dot` is asked: groups stay together. Exposed for tests.
  [[nodiscard]] static QByteArray question(const topology& spec, const std::map<std::string, NodeGroup>& groups = {});
  /// What it answers; empty when that cannot be used.
  [[nodiscard]] static std::map<std::string, QPointF> answer(const topology& spec, const QByteArray& json);

Q_SIGNALS:
  void finished(const std::map<std::string, QPointF>& places);

private:
  void fallBack();

  QString m_program;
  ToolCall m_call;
  topology m_spec;
};

}  // namespace millrace::workbench

#pragma once

#include <QLabel>
#include <QPlainTextEdit>
#include <QTreeWidget>
#include <QWidget>
#include <nlohmann/json.hpp>

#include "engine/command_link.hpp"

namespace millrace::workbench {

/// Dead letters of the topology in front: what was given up and why, to be mended, sent through once more or discarded.
/// The first 500. What the engine is asked goes out as `wanted`, its answers come in by `take`. Thread: GUI.
class LettersPanel final : public QWidget {
  Q_OBJECT

public:
  explicit LettersPanel(QWidget* parent = nullptr);
  void setTopology(const std::string& topology);
  /// Those of one actor only; empty: of all.
  void setActor(const std::string& actor);
  void take(const Command& command);
  void refresh();
  [[nodiscard]] QTreeWidget& list() noexcept { return *m_list; }

Q_SIGNALS:
  void wanted(const std::string& verb, const nlohmann::json& args, const QString& title);

private:
  void show(const nlohmann::json& answer);
  void showContent();
  void fix();
  void act(const char* verb, const QString& title);
  [[nodiscard]] nlohmann::json chosen() const;

  std::string m_topology, m_actor;
  QTreeWidget* m_list;
  QPlainTextEdit* m_content;
  QLabel* m_message;
};

}  // namespace millrace::workbench

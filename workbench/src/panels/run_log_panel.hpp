#pragma once

#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QTimer>
#include <QWidget>
#include <nlohmann/json.hpp>

#include "engine/command_link.hpp"
#include "panels/notes_view.hpp"

namespace millrace::workbench {

/// What the topology in front says of itself, by actor and level; twice a second it asks for what is new, while it is
/// looked at. What the engine is asked goes out as `wanted`, its answers come in by `take`. Thread: GUI.
class RunLogPanel final : public QWidget {
  Q_OBJECT

public:
  explicit RunLogPanel(QWidget* parent = nullptr);
  /// Empty name: the engine has none in front.
  void setTopology(const std::string& topology, const std::vector<std::string>& actors);
  void take(const Command& command);
  [[nodiscard]] NotesModel& model() noexcept { return m_model; }
  [[nodiscard]] QComboBox& actor() noexcept { return *m_actor; }
  [[nodiscard]] QComboBox& level() noexcept { return *m_level; }
  [[nodiscard]] QCheckBox& follow() noexcept { return *m_follow; }
  [[nodiscard]] QString message() const { return m_message->text(); }

Q_SIGNALS:
  void wanted(const std::string& verb, const nlohmann::json& args, const QString& title);
  void chosen(const QString& task);

protected:
  void showEvent(QShowEvent* event) override;
  void hideEvent(QHideEvent* event) override;

private:
  void ask();
  void again();

  std::string m_topology;
  NotesModel m_model;
  std::uint64_t m_last = 0;  // number of the newest record here
  nlohmann::json m_asked;    // what is being asked; null: nothing is
  QTimer m_tick;
  QComboBox* m_actor;
  QComboBox* m_level;
  QCheckBox* m_follow;
  NotesView* m_view;
  QLabel* m_message;
};

}  // namespace millrace::workbench

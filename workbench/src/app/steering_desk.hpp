#pragma once

#include <QObject>

#include "app/engine_desk.hpp"
#include "engine/wire_sampler.hpp"
#include "panels/letters_panel.hpp"
#include "panels/savepoint_panel.hpp"
#include "panels/wire_panel.hpp"

namespace millrace::workbench {

/// What is done to a topology while it runs: pause, mute, live parameters, savepoints, looking at a wire, breakpoints
/// and dead letters. Mutes and pauses belong to the run, not to the file. Thread: GUI.
class SteeringDesk final : public QObject {
  Q_OBJECT

public:
  SteeringDesk(EngineDesk& engine, const ActorCatalogue& catalogue, QObject* parent = nullptr);

  [[nodiscard]] SavepointPanel* savepoints() const noexcept { return m_savepoints; }
  [[nodiscard]] LettersPanel* letters() const noexcept { return m_letters; }
  [[nodiscard]] WirePanel* wire() const noexcept { return m_wire; }

  void setTab(DocumentTab* tab);
  /// The selection of the tab has changed.
  void showSelection();
  /// Pauses what runs, resumes what is paused.
  void togglePause();
  /// Mutes the selected actors, or unmutes them when the first one is muted.
  void toggleMute();
  void setMuted(const std::string& actor, bool isMuted);
  /// Begins to look at a wire of what runs.
  void lookAt(const stream_spec& wire);
  /// Holds what is shown of a wire still, or lets it go on.
  void toggleHold();
  void showLetters(const std::string& actor);
  /// Takes sample events of the wire that feeds an actor; `sampled` or `notSampled` tells.
  void sample(const std::string& actor);
  /// Changes in the run what was changed in the drawing, as far as parameters may be changed while it runs.
  void applyLive();

Q_SIGNALS:
  void hint(const QString& text);
  /// There is something to see in the panel.
  void wireShown();
  void lettersShown();
  void sampled(const QString& fields, const QString& events);
  void notSampled(const QString& why);

private:
  void request(const std::string& verb, const nlohmann::json& args, const QString& title);
  void take(const Command& command);
  void follow();
  void showLetterCount();
  void startFrom(const QString& savepoint, bool acceptsDuplicates);

  EngineDesk& m_engine;
  const ActorCatalogue& m_catalogue;
  SavepointPanel* m_savepoints;
  LettersPanel* m_letters;
  WireSampler m_sampler;
  WirePanel* m_wire;
  DocumentTab* m_tab = nullptr;
  QString m_fixed;  // what Ctrl+Enter could not change, and what can
};

}  // namespace millrace::workbench

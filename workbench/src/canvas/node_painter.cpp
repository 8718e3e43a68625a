#include "canvas/node_painter.hpp"

#include <QPainterPath>
#include <QPolygonF>
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "core/text.hpp"

namespace millrace::workbench {
namespace {

constexpr double corner = 5;
constexpr double stripe = 4;
constexpr double inset = 14;
constexpr double nameBaseline = 21;
constexpr double firstLine = 42;
constexpr double linePitch = 16;
constexpr double pinsWidthMin = 30;
constexpr QRectF sparkBox{102, 32, 74, 26};
/// Below this there is room for a name and a rate only.
constexpr double fullFrom = 0.7;
constexpr double nameFromDetail = 0.12;
constexpr double farNamePixels = 11;

QPolygonF regular(QPointF centre, double radius, int corners, double turn) {
  QPolygonF polygon;
  for (int i = 0; i < corners; ++i) {
    const double angle = turn + 2 * std::numbers::pi * i / corners;
    polygon << centre + radius * QPointF{std::cos(angle), std::sin(angle)};
  }
  return polygon;
}

QString elided(const QFont& font, const QString& text, double width) {
  return QFontMetricsF{font}.elidedText(text, Qt::ElideRight, width);
}

constexpr double faultWidth = 16;
constexpr double standWidth = 14;
constexpr double breakRadius = 8;
constexpr double badgeGap = 8;
constexpr double badgeBaseline = firstLine + 2 * linePitch - 2;

QFont badgeFont() {
  return ownFont(10, true);
}

/// The words beside the signs: what keeps the actor from its usual work.
QString conditionOf(const NodeContent& content) {
  QStringList words;
  if (content.standing > 0) {
    words << (content.parallelism > 1 ? QStringLiteral("%1 stand").arg(content.standing) : QStringLiteral("stands"));
  }
  if (content.figures->isMuted) words << QStringLiteral("muted");
  auto condition = content.figures->condition;
  condition.replace(QLatin1Char('_'), QLatin1Char(' '));
  if (!condition.isEmpty()) words << condition;
  return words.join(QStringLiteral(", "));
}

/// Of the drawn signs, the bolt and the bars.
double signsWidth(const NodeContent& content) {
  return (content.isFaulty ? faultWidth : 0) + (content.standing > 0 ? standWidth : 0);
}

QString lettersText(const ActorFigures& f) {
  return QStringLiteral("✕ %1").arg(countText(f.deadLetters));
}

Health healthOf(const NodeContent& c) {
  // While it runs, only what keeps the drawing from being deployed counts beside the figures.
  if (c.figures) return c.problem == Health::Critical ? Health::Critical : c.figures->health;
  return c.problem.value_or(Health::Idle);
}

QString lagText(const ActorFigures& f) {
  if (f.backlog) return QStringLiteral("lag %1").arg(countText(*f.backlog));
  if (f.behindMs && *f.behindMs >= 1) return QStringLiteral("lag %1").arg(millisecondsText(*f.behindMs));
  if (f.lagMs) return QStringLiteral("lag %1").arg(millisecondsText(*f.lagMs));
  return {};
}

class Painting {
public:
  Painting(QPainter& painter, const NodeItem& node, const NodeMoment& moment)
      : m_painter{painter}, m_node{node}, m_content{node.content()}, m_moment{moment}, m_theme{Theme::current()} {}

  void near() {
    box();
    title();
    if (m_content.figures) {
      figures(*m_content.figures);
    } else {
      line(0, m_content.isKnown ? m_content.typeTitle : QStringLiteral("unknown type"), m_theme.textDim, fullWidth());
      if (!m_content.pins.isEmpty()) line(1, QStringLiteral("on %1").arg(m_content.pins), m_theme.text, fullWidth());
    }
    ports();
    if (m_content.change) paintChange(m_painter, m_node.geometry().box().topLeft(), *m_content.change, m_theme);
  }

  void far() {
    const auto box = m_node.geometry().box();
    const auto health = healthOf(m_content);
    auto fill = m_content.figures || m_content.problem ? m_theme.of(health) : m_theme.node;
    m_painter.setPen(m_moment.isSelected ? QPen{m_theme.accent, 3 / m_moment.detail} : QPen{m_theme.nodeBorder, 0});
    m_painter.setBrush(fill);
    m_painter.drawRect(box);
    if (m_moment.detail < nameFromDetail) return;
    const auto font = ownFont(std::min(farNamePixels / m_moment.detail, box.height() * 0.45), true);
    const auto contrast = fill.lightnessF() > 0.5 ? QColor{0x15181d} : QColor{0xffffff};
    double glyphWidth = 0;
    if (m_content.figures || m_content.problem) {
      // The colour alone would leave out who cannot tell it.
      glyphWidth = 26;
      auto plain = m_theme;
      plain.health.fill(contrast);
      paintHealth(m_painter, {box.right() - 20, box.center().y()}, 10, health, plain);
    }
    m_painter.setFont(font);
    m_painter.setPen(contrast);
    const auto room = box.adjusted(8, 0, -8 - glyphWidth, 0);
    // Many together differ at their ends: orders-17.
    m_painter.drawText(room, Qt::AlignCenter,
                       QFontMetricsF{font}.elidedText(toQt(m_content.name), Qt::ElideMiddle, room.width()));
  }

private:
  /// A size of text that can still be read from further away, up to `largest`.
  [[nodiscard]] double legible(double usual, double largest) const {
    return std::clamp(usual * fullFrom / m_moment.detail, usual, largest);
  }
  [[nodiscard]] double fullWidth() const { return NodeGeometry::width - 2 * inset; }

  void box() {
    const auto box = m_node.geometry().box();
    const auto border = m_moment.isSelected                     ? m_theme.accent
                        : m_content.change                      ? m_theme.of(*m_content.change)
                        : m_content.problem == Health::Critical ? m_theme.of(Health::Critical)
                        : m_moment.isHovered                    ? m_theme.textDim
                                                                : m_theme.nodeBorder;
    m_painter.setPen(QPen{border, m_moment.isSelected || m_content.change ? 2.0 : 1.0});
    m_painter.setBrush(m_theme.node);
    m_painter.drawRoundedRect(box, corner, corner);
    m_painter.setPen(Qt::NoPen);
    m_painter.setBrush(m_theme.of(m_content.kind));
    QPainterPath clip;
    clip.addRoundedRect(box.adjusted(1, 1, -1, -1), corner - 1, corner - 1);
    QPainterPath side;
    side.addRect(QRectF{1, 1, stripe, box.height() - 2});
    m_painter.drawPath(clip.intersected(side));
  }

  void title() {
    const auto health = healthOf(m_content);
    const QPointF glyph{NodeGeometry::width - 16, nameBaseline - 5};
    paintHealth(m_painter, glyph, 5, health, m_theme);
    double right = glyph.x() - 10;
    if (m_content.parallelism > 1) {
      const auto times = QStringLiteral("×%1").arg(m_content.parallelism);
      const auto font = ownFont(11);
      const double width = QFontMetricsF{font}.horizontalAdvance(times);
      text(QPointF{right - width, nameBaseline}, times, font, m_theme.textDim);
      right -= width + 8;
    }
    const auto font = ownFont(legible(13, 20), true);
    text(QPointF{inset, nameBaseline}, elided(font, toQt(m_content.name), right - inset), font, m_theme.text);
  }

  void figures(const ActorFigures& f) {
    const auto colour = m_content.isStale ? m_theme.textDim : m_theme.text;
    const double half = sparkBox.left() - inset - 6;
    line(0, rateText(f.rate()), colour, half);
    if (m_moment.detail >= fullFrom) line(1, lagText(f), m_theme.textDim, half);
    double right = NodeGeometry::width - inset;
    if (f.latencyP99 && m_moment.detail >= fullFrom) {
      const auto font = ownFont(11);
      const auto p99 = QStringLiteral("p99 %1").arg(millisecondsText(*f.latencyP99));
      right -= QFontMetricsF{font}.horizontalAdvance(p99);
      text(QPointF{right, badgeBaseline}, p99, font, m_theme.textDim);
      right -= badgeGap;
    }
    spark(f.rates);
    bar(f);
    badges(f, right);
  }

  void spark(const Trail& rates) {
    const float largest = rates.largest();
    if (rates.size() < 2 || largest <= 0) return;
    QPolygonF points;
    for (std::size_t i = 0; i < rates.size(); ++i) {
      const double x = sparkBox.left() + sparkBox.width() * static_cast<double>(i) / (Trail::sizeMax - 1);
      points << QPointF{x, sparkBox.bottom() - sparkBox.height() * 0.9 * static_cast<double>(rates.at(i) / largest)};
    }
    m_painter.setPen(QPen{m_content.isStale ? m_theme.textDim : m_theme.accent, 1});
    m_painter.setBrush(Qt::NoBrush);
    m_painter.drawPolyline(points);
  }

  /// Busy solid, backpressured hatched, the rest empty.
  void bar(const ActorFigures& f) {
    const QRectF whole{inset, m_node.geometry().size().height() - 13, fullWidth(), 5};
    const double busy = std::clamp(f.busy, 0.0, 1.0);
    const double blocked = std::clamp(f.blocked, 0.0, 1.0 - busy);
    m_painter.setPen(Qt::NoPen);
    m_painter.setBrush(m_theme.grid);
    m_painter.drawRect(whole);
    m_painter.setBrush(m_content.isStale ? m_theme.textDim : m_theme.of(Health::Ok));
    m_painter.drawRect(QRectF{whole.topLeft(), QSizeF{whole.width() * busy, whole.height()}});
    m_painter.setBrush(QBrush{m_theme.of(Health::Critical), Qt::BDiagPattern});
    m_painter.drawRect(
        QRectF{whole.left() + whole.width() * busy, whole.top(), whole.width() * blocked, whole.height()});
  }

  /// Where it is placed, in what is left of the line of badges.
  void pins(double left, double right) {
    if (m_content.pins.isEmpty() || right - left < pinsWidthMin) return;
    const auto font = ownFont(10);
    const auto words = elided(font, QStringLiteral("on %1").arg(m_content.pins), right - left);
    text(QPointF{right - QFontMetricsF{font}.horizontalAdvance(words), badgeBaseline}, words, font, m_theme.textDim);
  }

  /// Up to `right`.
  void badges(const ActorFigures& f, double right) {
    double left = inset;
    if (m_content.isFaulty) {
      // A bolt, drawn: the font has none.
      const QPointF at{left, firstLine + 2 * linePitch - 12};
      m_painter.setPen(Qt::NoPen);
      m_painter.setBrush(m_theme.of(Health::Warning));
      m_painter.drawPolygon(QPolygonF{{at + QPointF{6, 0}, at + QPointF{0, 7}, at + QPointF{4, 7}, at + QPointF{2, 12},
                                       at + QPointF{9, 5}, at + QPointF{5, 5}}});
      left += faultWidth;
    }
    if (m_content.standing > 0) {
      m_painter.setPen(Qt::NoPen);
      m_painter.setBrush(m_theme.of(Health::Warning));
      for (const double bar : {0.0, 5.0}) {
        m_painter.drawRect(QRectF{left + bar, firstLine + 2 * linePitch - 11, 3, 10});
      }
      left += standWidth;
    }
    const auto words = conditionOf(m_content);
    if (!words.isEmpty()) {
      text(QPointF{left, badgeBaseline}, words, badgeFont(),
           m_theme.of(std::max(Health::Warning, levelOf(f.condition))));
      left += QFontMetricsF{badgeFont()}.horizontalAdvance(words) + badgeGap;
    }
    const auto letters = lettersBadge(m_content);
    if (!letters.isEmpty()) {
      text(QPointF{letters.left(), badgeBaseline}, lettersText(f), badgeFont(), m_theme.of(Health::Critical));
      left = letters.right() + badgeGap;
    }
    pins(left, right);
  }

  void ports() {
    const auto one = [this](PortRef ref, bool isWired, bool isSide) {
      if (!m_node.isPortShown(ref)) return;
      paintPort(m_painter, m_node.portPlace(ref), NodeGeometry::portRadius, lookOf(m_node.port(ref), isSide), isWired,
                m_theme);
    };
    for (std::size_t i = 0; i < m_content.inputs.size(); ++i) one({false, i}, m_content.isInputWired[i], false);
    for (std::size_t i = 0; i < m_content.outputs.size(); ++i) one({true, i}, m_content.isOutputWired[i], i > 0);
  }

  void line(int number, const QString& words, const QColor& colour, double width) {
    const auto font = ownFont(legible(11, 17));
    text(QPointF{inset, firstLine + number * linePitch}, elided(font, words, width), font, colour);
  }

  void text(QPointF baseline, const QString& words, const QFont& font, const QColor& colour) {
    m_painter.setFont(font);
    m_painter.setPen(colour);
    m_painter.drawText(baseline, words);
  }

  QPainter& m_painter;
  const NodeItem& m_node;
  const NodeContent& m_content;
  const NodeMoment& m_moment;
  const Theme& m_theme;
};

}  // namespace

void paintHealth(QPainter& painter, QPointF centre, double radius, Health health, const Theme& theme) {
  const auto& colour = theme.of(health);
  painter.setPen(Qt::NoPen);
  painter.setBrush(colour);
  switch (health) {
    case Health::Idle:
      painter.setPen(QPen{colour, 1.6});
      painter.setBrush(Qt::NoBrush);
      painter.drawEllipse(centre, radius - 0.8, radius - 0.8);
      return;
    case Health::Ok:
      painter.drawEllipse(centre, radius, radius);
      return;
    case Health::Warning:
      painter.drawPolygon(regular(centre + QPointF{0, radius * 0.15}, radius * 1.2, 3, -std::numbers::pi / 2));
      return;
    case Health::Critical:
      painter.drawRect(QRectF{centre.x() - radius * 0.9, centre.y() - radius * 0.9, radius * 1.8, radius * 1.8});
      return;
  }
}

void paintChange(QPainter& painter, QPointF centre, ChangeKind change, const Theme& theme) {
  static const std::array signs{QStringLiteral("+"), QStringLiteral("−"), QStringLiteral("~")};
  painter.setPen(Qt::NoPen);
  painter.setBrush(theme.of(change));
  painter.drawEllipse(centre, 9, 9);
  painter.setFont(ownFont(14, true));
  painter.setPen(theme.of(change).lightnessF() > 0.5 ? QColor{0x15181d} : QColor{0xffffff});
  painter.drawText(QRectF{centre - QPointF{9, 9}, QSizeF{18, 18}}, Qt::AlignCenter,
                   signs[static_cast<std::size_t>(change)]);
}

void paintBreak(QPainter& painter, QPointF centre, bool isStanding, const Theme& theme) {
  const auto& colour = theme.of(Health::Warning);
  painter.setPen(QPen{colour, 1.5});
  painter.setBrush(isStanding ? colour : theme.panel);
  painter.drawEllipse(centre, breakRadius, breakRadius);
  painter.setPen(Qt::NoPen);
  const auto contrast = colour.lightnessF() > 0.5 ? QColor{0x15181d} : QColor{0xffffff};
  painter.setBrush(isStanding ? contrast : colour);
  for (const double bar : {-3.5, 1.0}) painter.drawRect(QRectF{centre.x() + bar, centre.y() - 4, 2.5, 8});
}

void paintPort(QPainter& painter, QPointF centre, double radius, PortLook look, bool isFilled, const Theme& theme) {
  const auto& colour = theme.records[look.colour];
  painter.setPen(QPen{colour, 1.5});
  painter.setBrush(isFilled ? QBrush{colour} : QBrush{theme.node});
  switch (look.shape) {
    case PortShape::Circle:
      painter.drawEllipse(centre, radius, radius);
      return;
    case PortShape::Diamond:
      painter.drawPolygon(regular(centre, radius, 4, 0));
      return;
    case PortShape::Square:
      painter.drawRect(QRectF{centre.x() - radius * 0.85, centre.y() - radius * 0.85, radius * 1.7, radius * 1.7});
      return;
    case PortShape::Triangle:
      painter.drawPolygon(regular(centre, radius * 1.15, 3, 0));
      return;
    case PortShape::Hexagon:
      painter.drawPolygon(regular(centre, radius, 6, 0));
      return;
  }
}

QRectF lettersBadge(const NodeContent& content) {
  if (!content.figures || content.figures->deadLetters <= 0) return {};
  const QFontMetricsF metrics{badgeFont()};
  const auto words = conditionOf(content);
  const double left = inset + signsWidth(content) + (words.isEmpty() ? 0 : metrics.horizontalAdvance(words) + badgeGap);
  return {left, badgeBaseline - metrics.ascent(), metrics.horizontalAdvance(lettersText(*content.figures)),
          metrics.height()};
}

void paintNode(QPainter& painter, const NodeItem& node, const NodeMoment& moment) {
  Painting painting{painter, node, moment};
  if (moment.detail < detailedFrom) {
    painting.far();
  } else {
    painting.near();
  }
}

}  // namespace millrace::workbench

#include "stroke_font.hpp"

#include <map>
#include <sstream>

namespace danaus::app {
namespace {

/// Strokes apart by blanks, points as digit pairs xy on a grid: x from 0 to 4, base line at y = 2, small
/// letters up to 6, capitals up to 8, tails down to 0.
const std::map<char, const char*>& glyphs() {
  static const std::map<char, const char*> table{{'0', "123243473818070312"},
                                                 {'1', "172822 1232"},
                                                 {'2', "07183847460242"},
                                                 {'3', "0718384746354443321203 3515"},
                                                 {'4', "32380444"},
                                                 {'5', "480805354443321203"},
                                                 {'6', "4738180703123243443505"},
                                                 {'7', "084812"},
                                                 {'8', "15060718384746351504031232434435"},
                                                 {'9', "4515060718384743321203"},
                                                 {'A', "022842 1434"},
                                                 {'B', "02083847463505 3544433202"},
                                                 {'C', "4738180703123243"},
                                                 {'D', "02082846442202"},
                                                 {'E', "48080242 0535"},
                                                 {'F', "480802 0535"},
                                                 {'G', "47381807031232434525"},
                                                 {'H', "0208 4248 0545"},
                                                 {'I', "1232 1838 2228"},
                                                 {'J', "4843321203"},
                                                 {'K', "0208 480542"},
                                                 {'L', "080242"},
                                                 {'M', "0208254842"},
                                                 {'N', "02084248"},
                                                 {'O', "123243473818070312"},
                                                 {'P', "02083847463505"},
                                                 {'Q', "123243473818070312 2442"},
                                                 {'R', "02083847463505 2542"},
                                                 {'S', "473818070615354443321203"},
                                                 {'T', "0848 2822"},
                                                 {'U', "080312324348"},
                                                 {'V', "082248"},
                                                 {'W', "0812253248"},
                                                 {'X', "0248 0842"},
                                                 {'Y', "082548 2522"},
                                                 {'Z', "08480242"},
                                                 {'a', "46160503123243 4642"},
                                                 {'b', "0802 0516364543321203"},
                                                 {'c', "4536160503123243"},
                                                 {'d', "4842 4536160503123243"},
                                                 {'e', "044445361605031242"},
                                                 {'f', "48382722 1636"},
                                                 {'g', "4536160503123243 46413010"},
                                                 {'h', "0802 0516364542"},
                                                 {'i', "2622 2828"},
                                                 {'j', "26211000 2828"},
                                                 {'k', "0802 460442"},
                                                 {'l', "2822"},
                                                 {'m', "0602 05162522 25364542"},
                                                 {'n', "0602 0516364542"},
                                                 {'o', "123243453616050312"},
                                                 {'p', "0600 0516364543321203"},
                                                 {'q', "4640 4536160503123243"},
                                                 {'r', "0602 042636"},
                                                 {'s', "4616051434433202"},
                                                 {'t', "28233242 1636"},
                                                 {'u', "0603123243 4642"},
                                                 {'v', "062246"},
                                                 {'w', "0612253246"},
                                                 {'x', "0246 0642"},
                                                 {'y', "0622 4610"},
                                                 {'z', "06460242"},
                                                 {'.', "2222"},
                                                 {',', "2211"},
                                                 {':', "2222 2525"},
                                                 {';', "2211 2525"},
                                                 {'-', "1535"},
                                                 {'+', "0545 2327"},
                                                 {'/', "0148"},
                                                 {'(', "38262432"},
                                                 {')', "18262412"},
                                                 {'^', "172837"},
                                                 {'%', "0248 0818170708 3242433332"},
                                                 {'=', "0646 0444"},
                                                 {'<', "460442"},
                                                 {'>', "064402"}};
  return table;
}

}  // namespace

StrokedText stroked_text(const std::string& text) {
  // Capitals are 0.72 of the text size high, letters somewhat narrower than the grid.
  constexpr double unit_y = 0.12, unit_x = 0.095;
  const std::string narrow = "ijl.,:;()";
  StrokedText result;
  for (const char c : text) {
    const bool is_narrow = narrow.find(c) != std::string::npos;
    const auto found = glyphs().find(c);
    std::istringstream strokes(found == glyphs().end() ? "" : found->second);
    for (std::string stroke; strokes >> stroke;) {
      auto& points = result.strokes.emplace_back();
      for (size_t p = 0; p + 1 < stroke.size(); p += 2)
        points.push_back({result.width + unit_x * (stroke[p] - '0' - (is_narrow ? 1 : 0)),
                          unit_y * (stroke[p + 1] - '2')});
    }
    result.width += unit_x * (is_narrow ? 3.5 : 5.8);
  }
  return result;
}

}  // namespace danaus::app

#include "layout.hpp"

#include <danaus/core/error.hpp>

#include <algorithm>

namespace danaus::pde {
namespace {

class Recognizer {
 public:
  Recognizer(const ArrayFile& file, AxisOrder order)
      : file_(file),
        reversed_(order == AxisOrder::reversed || (order == AxisOrder::automatic && file.is_reversed())) {}

  Layout recognize() const {
    if (file_.has("/coeff") && file_.has("/sol")) return static_pair("darcy", "/coeff", "/sol", {"nxy"});
    if (file_.has("/input") && file_.has("/output"))
      return static_pair("own", "/input", "/output", {"nxc", "nxyc"});
    if (file_.has("/nu") && file_.has("/tensor")) return pdebench_darcy();
    if (file_.has("/tensor")) return series("pdebench", {"/tensor"}, {"ntx", "ntxy"}, "/t-coordinate");
    if (file_.has("/density") || file_.has("/Vx")) return pdebench_flow();
    if (file_.has("/velocity"))
      file_.fail("/velocity", "the incompressible Navier-Stokes files of PDEBench are not supported yet");
    if (file_.has("/a") && file_.has("/u")) return initial_and_solution();
    if (file_.has("/u")) return own_series();
    if (!file_.groups().empty()) return pdebench_groups();
    std::string found;
    for (const auto& name : file_.names()) found += (found.empty() ? "" : ", ") + name;
    file_.fail("/",
               "expected /u, /a and /u, /coeff and /sol, /input and /output, or a PDEBench layout, found " +
                   (found.empty() ? "no arrays" : found));
  }

 private:
  static std::string spelled(const std::string& axes) {
    std::string text;
    for (char axis : axes) {
      const std::string word = axis == 'n' ? "sample" : axis == 'c' ? "channel" : std::string(1, axis);
      text += (text.empty() ? "(" : ", ") + word;
    }
    return text + ")";
  }

  /// The array under the one of the axis lists that has its rank.
  FieldArray field(const std::string& name, const std::vector<std::string>& choices) const {
    const io::ArrayInfo info = file_.info(name);
    std::string expected;
    for (const auto& axes : choices) {
      if (axes.size() == info.rank()) {
        FieldArray array{name, axes, info.shape};
        if (reversed_) std::reverse(array.axes.begin(), array.axes.end());
        if (info.size() == 0) file_.fail(name, "expected entries, found " + io::describe(info));
        return array;
      }
      expected += (expected.empty() ? "" : " or ") + std::string("rank ") + std::to_string(axes.size()) +
                  " " + spelled(axes);
    }
    file_.fail(name, "expected " + expected + ", found " + io::describe(info));
  }

  void require_equal(const FieldArray& a, const FieldArray& b, const std::string& axes) const {
    for (char axis : axes)
      if (a.extent(axis) != b.extent(axis))
        file_.fail(b.name, "expected " + std::to_string(a.extent(axis)) + " entries along axis " +
                               spelled(std::string(1, axis)) + " as in " + a.name + ", found " +
                               std::to_string(b.extent(axis)));
  }

  Layout static_pair(const std::string& name, const std::string& input, const std::string& output,
                     const std::vector<std::string>& axes) const {
    Layout layout;
    layout.name = name, layout.is_static = true;
    layout.input = {field(input, axes)};
    layout.output = {field(output, axes)};
    require_equal(layout.input[0], layout.output[0], "nxy");
    return layout;
  }

  Layout series(const std::string& name, const std::vector<std::string>& arrays,
                const std::vector<std::string>& axes, const std::string& times) const {
    Layout layout;
    layout.name = name;
    for (const auto& array : arrays) {
      layout.output.push_back(field(array, axes));
      require_equal(layout.output[0], layout.output.back(), "ntxy");
    }
    if (file_.has(times)) layout.times = times;
    return layout;
  }

  Layout initial_and_solution() const {
    if (file_.info("/u").rank() == 2) return static_pair("burgers", "/a", "/u", {"nx"});
    const FieldArray initial = field("/a", {"nxy"});
    Layout layout = series("navier-stokes", {"/u"}, {"nxyt"}, "/t");
    require_equal(layout.output[0], initial, "nxy");
    return layout;
  }

  /// Predictions have no initial field and say so by their format.
  Layout own_series() const {
    const auto attributes = file_.attributes();
    const auto format = attributes.find("format");
    const bool ours = format != attributes.end() && format->second == "danaus-prediction";
    if (ours && file_.info("/u").rank() == 4) return series("navier-stokes", {"/u"}, {"nxyt"}, "/t");
    return series("own", {"/u"}, {"nxtc", "nxytc"}, "/t");
  }

  Layout pdebench_darcy() const {
    Layout layout;
    layout.name = "pdebench", layout.is_static = true;
    layout.input = {field("/nu", {"nxy"})};
    // (sample, 1, x, y): the second axis is a single channel.
    layout.output = {field("/tensor", {"ncxy"})};
    require_equal(layout.input[0], layout.output[0], "nxy");
    return layout;
  }

  Layout pdebench_flow() const {
    std::vector<std::string> fields;
    for (const char* name : {"/density", "/pressure", "/Vx", "/Vy"})
      if (file_.has(name)) fields.push_back(name);
    return series("pdebench", fields, {"ntx", "ntxy"}, "/t-coordinate");
  }

  Layout pdebench_groups() const {
    Layout layout;
    layout.name = "pdebench-groups";
    for (const auto& group : file_.groups()) {
      layout.sample_arrays.push_back(group + "/data");
      const FieldArray array = field(group + "/data", {"txc", "txyc"});
      if (layout.output.empty()) layout.output = {array};
      require_equal(layout.output[0], array, "txyc");
    }
    const std::string times = file_.groups().front() + "/grid/t";
    if (file_.has(times)) layout.times = times;
    return layout;
  }

  const ArrayFile& file_;
  bool reversed_;
};

}  // namespace

Layout recognize_layout(const ArrayFile& file, AxisOrder order) {
  return Recognizer(file, order).recognize();
}

}  // namespace danaus::pde

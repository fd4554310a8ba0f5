#include <danaus/core/random.hpp>
#include <danaus/mri/data/phantom.hpp>
#include <danaus/mri/data/qdess.hpp>

#include <algorithm>
#include <cmath>

namespace danaus::mri {

namespace {

enum TissueIndex { air, fat, muscle, marrow, cartilage, meniscus, ligament, fluid, tissue_count };

constexpr const char* tissue_names[] = {"air",       "fat",      "muscle",   "marrow",
                                        "cartilage", "meniscus", "ligament", "fluid"};

/// At 3 T, fat and marrow suppressed by water excitation.
constexpr Tissue typical[] = {{0, 1, 1},         {.14, .38, .07},  {.80, 1.25, .032}, {.18, .38, .08},
                              {.85, 1.22, .037}, {.60, 1.0, .012}, {.45, 1.1, .020},  {1.0, 3.6, .5}};

constexpr int texture_shapes = 320;
constexpr double gain = 100;  // scanner units

/// Draws in a fixed order from one seed.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : random_(seed, stream::anatomy) {}
  double uniform(double low, double high) { return low + (high - low) * random_.uniform(next_++); }
  double about(double x, double relative) { return x * uniform(1 - relative, 1 + relative); }

 private:
  Random random_;
  std::uint64_t next_ = 0;
};

class KneeBuilder {
 public:
  explicit KneeBuilder(std::uint64_t seed) : draws_(seed) {
    signals_[air] = {0, 0};
    phantom_.tissues.assign(std::begin(tissue_names), std::end(tissue_names));
    phantom_.t2.assign(tissue_count, 0);
    for (int t = fat; t < tissue_count; ++t) {
      Tissue tissue = typical[t];
      tissue.proton_density = draws_.about(tissue.proton_density, .06);
      tissue.t1 = draws_.about(tissue.t1, .05);
      tissue.t2 = draws_.about(tissue.t2, .08);
      const auto [first, second] = qdess_signal(tissue);
      signals_[t] = {gain * first, gain * second};
      phantom_.t2[size_t(t)] = tissue.t2;
    }
    turn_ = draws_.uniform(-.12, .12);
    shift_y_ = draws_.uniform(-4, 4), shift_z_ = draws_.uniform(-4, 4);
    size_ = draws_.uniform(.93, 1.06);
  }

  Phantom build() {
    // Around everything: skin and fat, then muscle.
    add({0, 0, 0, 190, 60, 52, 0, {}, fat}, air, .03);
    add({0, -2, 0, 185, 54, 46, 0, {}, muscle}, fat, .02);
    add_bones();
    add_joint();
    add_muscle_planes();
    add_texture();
    return phantom_;
  }

 private:
  /// Places a shape in the subject's pose; it replaces the tissue around it.
  void add(Ellipsoid e, TissueIndex around, double vary) {
    e.a_y = draws_.about(e.a_y, vary) * size_, e.a_z = draws_.about(e.a_z, vary) * size_;
    e.a_x = draws_.about(e.a_x, vary) * size_;
    const double y = e.y * size_, z = e.z * size_, c = std::cos(turn_), s = std::sin(turn_);
    e.x *= size_;
    e.y = c * y - s * z + shift_y_, e.z = s * y + c * z + shift_z_;
    e.angle += turn_;
    for (size_t i = 0; i < 2; ++i) e.added[i] = signals_[e.tissue][i] - signals_[around][i];
    phantom_.shapes.push_back(e);
  }

  /// Bone marrow inside a shell of cartilage or, where there is none, of cortical bone (ligament's signal).
  void add_bone(const Ellipsoid& inner, double shell, TissueIndex shell_tissue) {
    Ellipsoid outer = inner;
    outer.a_x += shell, outer.a_y += shell, outer.a_z += shell;
    outer.tissue = shell_tissue;
    add(outer, muscle, 0);
    Ellipsoid marrow_shape = inner;
    marrow_shape.tissue = marrow;
    add(marrow_shape, shell_tissue, .004);
  }

  void add_bones() {
    const double spread = draws_.uniform(-1.5, 1.5);
    // Femur: two condyles above the joint line x = 0; tibia: a plateau in two halves below it.
    for (double side : {-1.0, 1.0}) {
      add_bone({25, 2 + spread, 21 * side, 21, 23, 17, .12 * side, {}, marrow}, 2.6, cartilage);
      add_bone({-27, -2, 20 * side, 21, 21, 16.5, -.1 * side, {}, marrow}, 2.4, cartilage);
    }
    add_bone({8, 42, 0, 20, 7.5, 17, draws_.uniform(-.1, .1), {}, marrow}, 2.2, cartilage);  // patella
    add_bone({-42, -30, 33, 24, 6, 6, 0, {}, marrow}, 1.2, ligament);                        // fibula
  }

  void add_joint() {
    for (double side : {-1.0, 1.0}) {
      add({-.5, 12, 23 * side, 2.6, 7, 12, .5 * side, {}, meniscus}, muscle, .1);
      add({-.5, -14, 22 * side, 2.6, 6.5, 12, -.5 * side, {}, meniscus}, muscle, .1);
    }
    add({2, 4, 0, 22, 9, 2.6, .25, {}, ligament}, muscle, .1);                         // anterior cruciate
    add({0, -12, 0, 24, 8, 2.6, -.3, {}, ligament}, muscle, .1);                       // posterior cruciate
    add({-20, 43, 0, 14, 3.2, 11, 0, {}, ligament}, muscle, .1);                       // patellar tendon
    add({12, 30.5, 0, 24, 1.6, 13, draws_.uniform(-.1, .1), {}, fluid}, muscle, .15);  // joint fluid
    add({-4, -36, 4, 160, 4.2, 4.2, 0, {}, fluid}, muscle, .1);                        // popliteal vessels
    add({-4, -38, -7, 160, 2.8, 2.8, 0, {}, fluid}, muscle, .15);
  }

  /// Thin sheets of fat between muscles, at the back.
  void add_muscle_planes() {
    for (int i = 0; i < 7; ++i) {
      const double z = -30 + 10 * i + draws_.uniform(-2, 2);
      if (std::abs(z - 4) < 7 || std::abs(z + 7) < 6) continue;  // the vessels are there
      add({draws_.uniform(-20, 20),
           -32 + .1 * std::abs(z),
           z,
           150,
           draws_.uniform(5, 8),
           draws_.uniform(.5, 1),
           draws_.uniform(-.5, .5),
           {},
           fat},
          muscle, .1);
    }
  }

  /// Small shapes that brighten or darken the tissue they lie in, both echoes alike: T2 stays as it is.
  void add_texture() {
    std::vector<Ellipsoid> texture;
    for (int i = 0; i < texture_shapes; ++i) {
      Ellipsoid e;
      e.x = draws_.uniform(-50, 50), e.y = draws_.uniform(-45, 45), e.z = draws_.uniform(-38, 38);
      const double radius = .5 * std::pow(9.0, draws_.uniform(0, 1));
      e.a_y = radius * draws_.uniform(.7, 1.6), e.a_z = radius * draws_.uniform(.7, 1.6);
      e.a_x = draws_.uniform(4, 30);
      e.angle = draws_.uniform(-1.5, 1.5);
      const double change = draws_.uniform(-.3, .3);
      e.tissue = Phantom::tissue_at(phantom_.slice(e.x), e.y, e.z);
      if (e.tissue != muscle && e.tissue != marrow && e.tissue != cartilage) continue;
      for (size_t k = 0; k < 2; ++k) e.added[k] = change * signals_[e.tissue][k];
      texture.push_back(e);
    }
    // Tissues are looked up in the anatomy alone: the texture goes below it.
    phantom_.shapes.insert(phantom_.shapes.begin() + 1, texture.begin(), texture.end());
  }

  Draws draws_;
  Phantom phantom_;
  std::array<double, 2> signals_[tissue_count];
  double turn_, shift_y_, shift_z_, size_;
};

}  // namespace

Phantom knee(std::uint64_t seed) { return KneeBuilder(seed).build(); }

}  // namespace danaus::mri

// Cosine, sine, Hartley and real Fourier transforms against their definitions and SciPy.

#include <danaus/monarch/exact/trigonometric.hpp>

#include <monarch/exact/product_checks.hpp>

using namespace danaus;
using namespace danaus::monarch;
using test::Dense;
using test::turn;

namespace {

Dense cosine(TrigonometricType type, size_t n) {
  const auto two = test::dense(n, n, [&](size_t o, size_t t) {
    return std::sqrt((o == 0 ? 1.0L : 2.0L) / n) * turn(long(o * (2 * t + 1)), 4 * long(n)).real();
  });
  switch (type) {
    case TrigonometricType::two:
      return two;
    case TrigonometricType::three:
      return test::adjoint(two);
    default:
      return test::dense(n, n, [&](size_t o, size_t t) {
        return std::sqrt(2.0L / n) * turn(long((2 * o + 1) * (2 * t + 1)), 8 * long(n)).real();
      });
  }
}

Dense sine(TrigonometricType type, size_t n) {
  const auto two = test::dense(n, n, [&](size_t o, size_t t) {
    return std::sqrt((o == n - 1 ? 1.0L : 2.0L) / n) * turn(long((o + 1) * (2 * t + 1)), 4 * long(n)).imag();
  });
  switch (type) {
    case TrigonometricType::two:
      return two;
    case TrigonometricType::three:
      return test::adjoint(two);
    default:
      return test::dense(n, n, [&](size_t o, size_t t) {
        return std::sqrt(2.0L / n) * turn(long((2 * o + 1) * (2 * t + 1)), 8 * long(n)).imag();
      });
  }
}

constexpr auto types = {TrigonometricType::two, TrigonometricType::three, TrigonometricType::four};

}  // namespace

TEMPLATE_TEST_CASE("trigonometric transforms equal their definitions for every block size",
                   "[monarch][exact]", float, double) {
  using R = TestType;
  const size_t n = GENERATE(1, 2, 3, 5, 8, 9, 12, 15, 30, 64, 100);
  for (size_t b : test::divisors(n)) {
    INFO("n = " << n << ", block = " << b);
    for (const auto type : types) {
      INFO("type " << int(type));
      test::check_product(cosine_transform<R>(type, n, b), cosine(type, n));
      test::check_product(sine_transform<R>(type, n, b), sine(type, n));
    }
    const long m = long(n);
    test::check_product(hartley_transform<R>(n, b), test::dense(n, n, [&](size_t o, size_t t) {
                          const auto w = turn(long(o * t), m);
                          return w.real() + w.imag();
                        }));
    test::check_product(real_dft<R>(n, b), test::dense(n, n, [&](size_t o, size_t t) {
                          return 2 * o <= n ? turn(-long(o * t), m).real()
                                            : turn(-long((n - o) * t), m).imag();
                        }));
  }
}

TEST_CASE("trigonometric transforms agree with SciPy 1.17", "[monarch][exact]") {
  // scipy.fft.dct and dst of the first n numbers, norm="ortho", types 2, 3, 4.
  const std::vector<double> x = {1.0, -2.0, 0.5, 3.0, -1.5, 0.25};
  struct Golden {
    size_t n;
    bool is_cosine;
    TrigonometricType type;
    std::vector<double> values;
  };
  const std::vector<Golden> golden = {
      {5,
       true,
       TrigonometricType::two,
       {0.44721359549995798, -0.35498778478205828, -0.76750091040253876, 3.9368748611881901,
        -0.29315926137728254}},
      {5,
       true,
       TrigonometricType::three,
       {0.32213016428898456, -1.4310041818329364, -0.817697468567394, 3.6649936860530756,
        0.49764577755806005}},
      {5,
       true,
       TrigonometricType::four,
       {0.43421138701236872, -1.3012741383069488, 1.7888543819998319, 2.9021700470679153,
        -1.7307672016375055}},
      {5,
       false,
       TrigonometricType::two,
       {0.73017528582610325, -2.0781346888872672, -0.37662189523282974, 3.3624925598197866,
        -0.44721359549995798}},
      {5,
       false,
       TrigonometricType::three,
       {0.84145954723803207, -1.0380385927515878, -0.3545926272330992, 3.5984534340397021,
        -1.2805540449665038}},
      {5,
       false,
       TrigonometricType::four,
       {0.50184961796463978, -0.19013282956284705, -2.6832815729997477, 2.84249096256208,
        0.96552658991043405}},
      {6,
       true,
       TrigonometricType::two,
       {0.5103103630798288, -0.15943910676638318, -1.125, 1.5309310892394863, 3.3919328314890507,
        -1.0779977603100748}},
      {6,
       true,
       TrigonometricType::three,
       {0.37198269965315789, -0.86902983068697925, -1.6589483895863284, 1.1094195667296158, 3.417577219183582,
        0.078488477490129521}},
      {6,
       true,
       TrigonometricType::four,
       {0.47646013005168564, -0.87429260079567306, -0.32459194694728288, 3.3147288580847327,
        1.3563845748387893, -1.62435579327982}},
      {6,
       false,
       TrigonometricType::two,
       {0.70978891546637568, -0.79385662013573532, -2.3474276701672121, 1.6249999999999998,
        2.6489682951697247, -0.5103103630798288}},
      {6,
       false,
       TrigonometricType::three,
       {0.54174889028180562, -0.032017739603628081, -1.8458786740223991, 2.1046977191249199,
        2.4815074823868062, -1.5076747165708739}},
      {6,
       false,
       TrigonometricType::four,
       {0.52633674223682247, 0.28172943540735984, -2.0243238924072009, -0.9319397718768212,
        3.3203607020761625, 0.4635774016584453}},
  };
  for (const auto& g : golden)
    for (size_t b : test::divisors(g.n)) {
      const auto product =
          g.is_cosine ? cosine_transform<double>(g.type, g.n, b) : sine_transform<double>(g.type, g.n, b);
      HostTensor<double, 2> input("x", 1, g.n);
      for (size_t t = 0; t < g.n; ++t) input(0, t) = x[t];
      const auto y = product.apply(input);
      // Sums of at most 6 numbers below 3, times weights below 1.
      for (size_t o = 0; o < g.n; ++o) CHECK(std::abs(y(0, o) - g.values[o]) <= 20 * test::epsilon<double>());
    }
}

TEST_CASE("cosine transforms of large sizes stay at the level of rounding", "[monarch][exact]") {
  const auto [n, b] = GENERATE(table<size_t, size_t>({{512, 16}, {360, 20}, {405, 15}}));
  for (const auto type : types) {
    const auto product = cosine_transform<double>(type, n, b);
    CHECK(test::relative_error(product.dense(), cosine(type, n)) <= 1e-14);
    // Two factors beside the order: 2 n (b + n/b) numbers at most, far below n^2.
    CHECK(product.parameters() <= 2 * n * (b + n / b) + n);
  }
}

TEST_CASE("trigonometric transforms name a block size that does not divide", "[monarch][exact]") {
  CHECK_THROWS_WITH(cosine_transform<double>(TrigonometricType::two, 12, 5),
                    "cosine_transform: block size 5 does not divide n = 12");
  CHECK_THROWS_AS(hartley_transform<float>(0, 1), ShapeError);
}

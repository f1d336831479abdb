# SPDX-License-Identifier: Apache-2.0
# Reference values from R, as JSON beside this file:
#     Rscript reference.R
# Made with R 4.2.2, survival 3.5-3 and jsonlite. Inputs are rounded, so that they are the
# same numbers on both sides; the test reads inputs and outputs from the JSON.
library(survival)
library(jsonlite)
set.seed(6)

write_cases <- function(file, about, cases)
    write(toJSON(list(about = about, cases = cases), auto_unbox = TRUE, digits = I(15),
                 pretty = 1, na = "null", null = "null"), file)

# ---- rates: prop.test() without continuity correction gives Wilson's interval ----
rates <- list(c(0, 1), c(1, 1), c(1, 2), c(0, 3), c(5, 5), c(9, 10), c(10, 10), c(0, 20),
              c(1, 29), c(15, 148), c(81, 263), c(99, 100), c(997, 1000), c(0, 10000))
write_cases("rates.json", "prop.test(s, n, correct = FALSE)$conf.int", lapply(rates, function(r) {
    interval <- suppressWarnings(prop.test(r[1], r[2], correct = FALSE))$conf.int
    list(successes = r[1], trials = r[2], interval = as.numeric(interval))
}))

# ---- signed ranks, no ties, no zeros: exact, and the normal approximation ----
samples <- c(
    list(hollander_wolfe = c(1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30) -
                           c(0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29)),
    list(darwin = c(49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48)),
    lapply(c(six = 6, twelve = 12, thirty = 30, forty_nine = 49, eighty = 80,
             thousand = 1000),
           function(n) round(rnorm(n, 0.3), 6)),
    list(skewed = round(rexp(40) - 0.5, 6)))
write_cases("signed_rank.json", "wilcox.test(x)$p.value; shift: median of the Walsh averages",
            lapply(names(samples), function(name) {
    x <- round(samples[[name]], 6)
    walsh <- outer(x, x, "+") / 2
    list(name = name, values = x, p_value = wilcox.test(x)$p.value,
         shift = median(walsh[upper.tri(walsh, diag = TRUE)]))
}))

# ---- the bootstrap of the shift: many resamples, hence close to what they tend to ----
shift <- function(x) {
    walsh <- outer(x, x, "+") / 2
    median(walsh[upper.tri(walsh, diag = TRUE)])
}
expanded <- function(x, resamples) {
    n <- length(x)
    alpha <- pnorm(-sqrt(n / (n - 1)) * qt(0.975, n - 1))
    medians <- replicate(resamples, shift(sample(x, n, replace = TRUE)))
    list(values = x, interval = as.numeric(quantile(medians, c(alpha, 1 - alpha), type = 6)),
         standard_error = sd(medians))
}
write_cases("bootstrap.json",
            "expanded percentile interval of the shift, 20,000 resamples",
            list(expanded(round(rnorm(10), 3), 20000), expanded(round(rnorm(15), 3), 20000),
                 expanded(round(rexp(20, 1 / 100), 3), 20000),
                 expanded(20 * round(rnorm(30, 8, 2)), 20000),
                 expanded(round(rlnorm(60, 5), 3), 20000)))

# ---- quantiles of censored samples: survfit() ----
survivals <- list(
    freireich = list(c(6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35),
                     c(rep(1, 9), rep(0, 12))),
    complete_odd = list(c(3, 1, 2, 5, 4), rep(1, 5)),
    complete_even = list(c(3, 1, 2, 4), rep(1, 4)),
    one_time_out = list(c(round(rexp(19, 1 / 300), 3), 30000), c(rep(1, 19), 0)),
    unlike_time_outs = list(round(rexp(60, 1 / 300), 3), rbinom(60, 1, 0.7)),
    ties = list(20 * round(rexp(50, 1 / 6)), rbinom(50, 1, 0.8)))
write_cases("censored.json", "quantile(survfit(Surv(x, seen) ~ 1), q)$quantile, null beyond what was seen",
            lapply(names(survivals), function(name) {
    s <- survivals[[name]]
    q <- c(0.1, 0.25, 0.5, 0.75, 0.9, 0.99)
    list(name = name, values = s[[1]], seen = s[[2]], q = q,
         quantiles = as.numeric(quantile(survfit(Surv(s[[1]], s[[2]]) ~ 1), q)$quantile))
}))

# ---- Holm ----
write_cases("holm.json", "p.adjust(p, \"holm\")",
            lapply(list(c(0.01, 0.04, 0.03, 0.005), 0.2, c(0.5, 0.5, 0.001), rep(0.03, 4),
                        round(runif(40)^3, 6)),
                   function(p) list(p = as.list(p), adjusted = as.list(p.adjust(p, "holm")))))

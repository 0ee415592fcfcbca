//! Periods, balances and payments, written for the protocol.

use crate::{
    agreement::{
        Agreement,
        money::{
            payments::PaymentView,
            periods::{PeriodState, PeriodView},
            statements::StatementView,
            views::{Balance, Gain, NOT_PROVED},
        },
    },
    checkpoint::SignedCheckpoint,
    proto::counterfoil::v1,
    service::{
        view_dispute::{count, ms},
        views::{party, statement_id},
        wire,
    },
    statement::terms::Terms,
};

/// Writes a period.
pub(super) fn period(view: &PeriodView, terms: &Terms) -> v1::PeriodView {
    let state = match view.state {
        PeriodState::Running => v1::PeriodState::Running,
        PeriodState::Over => v1::PeriodState::Over,
        PeriodState::Closed => v1::PeriodState::Closed,
        PeriodState::Settled => v1::PeriodState::Settled,
    };
    let closings = view.closed_by.iter().map(|(by, closed)| v1::PeriodClosing {
        party: party(terms, *by),
        index: closed.index,
        seen_size: closed.seen.unwrap_or_default(),
    });
    let stream = |position: &usize| terms.streams.get(*position).map(|stream| stream.name.to_string());
    v1::PeriodView {
        period: view.period,
        start_time_ms: ms(view.start),
        end_time_ms: ms(view.end),
        state: state.into(),
        deadline_ms: ms(view.deadline),
        closings: closings.collect(),
        cut_off: view.cut_off.unwrap_or_default(),
        missing_streams: view.missing.iter().filter_map(stream).collect(),
    }
}

/// Writes where the last settlement stands.
pub(super) fn statement(view: &StatementView, terms: &Terms) -> v1::StatementView {
    let acknowledged = view.acknowledged.iter();
    v1::StatementView {
        tree_size: view.tree_size,
        index: view.index,
        admitted_time_ms: view.admitted.as_ms(),
        acknowledged: acknowledged
            .map(|(by, index)| v1::Acknowledged { party: party(terms, *by), index: *index })
            .collect(),
        silent: view.silent.iter().map(|silent| party(terms, *silent)).collect(),
        window_end_ms: ms(view.window_end),
        is_final: view.is_final,
    }
}

/// Writes what every party has and is owed.
pub(super) fn balances(agreement: &Agreement, checkpoint: &SignedCheckpoint) -> v1::GetBalancesResponse {
    let terms = agreement.terms();
    let open = agreement.open_payments();
    v1::GetBalancesResponse {
        balances: agreement.balances().iter().map(|one| balance(one, terms)).collect(),
        gains: agreement.gains().iter().map(|one| gain(one, terms)).collect(),
        win_win: agreement.is_win_win(),
        open_payment_count: count(open.len()),
        open_payments: open.iter().take(OPEN_PAYMENTS_SHOWN_MAX).map(|one| payment(one, terms)).collect(),
        not_proved: NOT_PROVED.map(str::to_owned).to_vec(),
        checkpoint: Some(wire::checkpoint(checkpoint)),
    }
}

/// How many payments that wait are shown.
const OPEN_PAYMENTS_SHOWN_MAX: usize = 1_000;

fn balance(one: &Balance, terms: &Terms) -> v1::BalanceView {
    v1::BalanceView {
        currency: currency(terms, one.currency),
        party: party(terms, one.party),
        allocation: one.allocation.to_string(),
        collected: one.collected.to_string(),
        paid: one.paid.to_string(),
        received: one.received.to_string(),
        paid_unconfirmed: one.paid_unconfirmed.to_string(),
        received_unconfirmed: one.received_unconfirmed.to_string(),
        balance: one.balance.to_string(),
    }
}

fn gain(one: &Gain, terms: &Terms) -> v1::GainView {
    v1::GainView {
        party: party(terms, one.party),
        currency: currency(terms, one.currency),
        retained: one.retained.to_string(),
        allocation: one.allocation.to_string(),
        costs: one.costs.to_string(),
        baseline: one.baseline.to_string(),
        periods: count(one.periods),
        surplus: one.surplus.to_string(),
    }
}

fn payment(one: &PaymentView, terms: &Terms) -> v1::PaymentView {
    v1::PaymentView {
        statement_id: statement_id(one.id),
        index: one.index,
        admitted_time_ms: one.admitted.as_ms(),
        tree_size: one.tree_size,
        payer: party(terms, one.payer),
        payee: party(terms, one.payee),
        currency: currency(terms, one.currency),
        amount_minor: one.amount,
    }
}

fn currency(terms: &Terms, position: usize) -> String {
    terms.currencies.get(position).map_or_else(String::new, |currency| currency.code.to_string())
}

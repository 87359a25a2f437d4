import { element } from './dom.js';

/**
 * What a section of the page needs around it. `attempt` runs what a person asked for, tells when it fails, and answers whether it did not.
 * @typedef {object} Around
 * @property {import('./api.js').Api} api
 * @property {import('./messages.js').Messages} messages
 * @property {readonly string[]} permissions
 * @property {(work: () => Promise<unknown>) => Promise<boolean>} attempt
 */

/**
 * The list, with as much to do as the permissions allow: a courtesy of the page, for the service decides.
 * @param {Around} around
 */
export async function itemsSection(around) {
  const { api, messages, permissions } = around;
  const section = element('section', { id: 'items' }, element('h1', { textContent: messages.items }));
  if (!permissions.includes('bucket:read')) {
    section.append(element('p', { textContent: messages.itemsForbidden }));
    return section;
  }
  const list = itemList(around, await api.items());
  if (permissions.includes('bucket:write')) section.append(list.ul, list.empty, addForm(around, list));
  else section.append(element('p', { textContent: messages.readOnly }), list.ul, list.empty);
  return section;
}

/** @param {Around} around @param {readonly import('./api.js').Item[]} items */
function itemList(around, items) {
  const ul = element('ul');
  const empty = element('p', { textContent: around.messages.noItems });
  const changed = () => {
    empty.hidden = ul.childElementCount > 0;
    ul.hidden = !empty.hidden;
  };
  /** @param {import('./api.js').Item} item */
  const add = (item) => {
    const row = itemRow(around, item, () => {
      row.remove();
      changed();
    });
    ul.append(row);
    changed();
  };
  for (const item of items) add(item);
  changed();
  return { ul, empty, add };
}

/** @param {Around} around @param {import('./api.js').Item} item @param {() => void} onRemoved */
function itemRow({ api, messages, permissions, attempt }, item, onRemoved) {
  const title = element('span', { textContent: item.title });
  title.classList.toggle('done', item.done);
  const box = element('input', {
    type: 'checkbox',
    checked: item.done,
    disabled: !permissions.includes('bucket:write'),
  });
  box.addEventListener('change', async () => {
    const { checked } = box;
    if (await attempt(() => api.setDone(item.id, checked))) title.classList.toggle('done', checked);
    else box.checked = !checked;
  });
  const row = element('li', {}, element('label', {}, box, title));
  if (!permissions.includes('bucket:delete')) return row;
  const remove = element('button', { type: 'button', className: 'plain', textContent: messages.removeShort });
  remove.ariaLabel = messages.remove(item.title);
  remove.addEventListener('click', async () => {
    if (await attempt(() => api.removeItem(item.id))) onRemoved();
  });
  row.append(remove);
  return row;
}

/** @param {Around} around @param {ReturnType<typeof itemList>} list */
function addForm({ api, messages, attempt }, list) {
  const label = element('label', { htmlFor: 'new-item', className: 'visually-hidden', textContent: messages.newItem });
  const input = element('input', { type: 'text', id: 'new-item', required: true, maxLength: 200, autocomplete: 'off' });
  input.placeholder = messages.newItem;
  const form = document.createElement('form');
  form.append(label, input, element('button', { textContent: messages.add }));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const title = input.value.trim();
    if (title === '') return;
    const added = await attempt(async () => list.add(await api.addItem(title)));
    if (added) input.value = '';
    input.focus();
  });
  return form;
}
